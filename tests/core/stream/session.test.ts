import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { concat, equal, utf8 } from '../../../src/core/bytes/index.ts';
import { END_DELAY_MS } from '../../../src/core/stream/constants.ts';
import { ask, readAll, Session, type SessionOptions, type SessionStream } from '../../../src/core/stream/index.ts';
import { END, STREAM } from '../../../src/core/wire/registry.ts';
import { type PipePairOptions, pipePair } from '../../support/pipe-pair.ts';
import { type TestEnv, testEnv } from '../../support/test-env.ts';

const EMPTY = new Uint8Array(0);

export function pattern(lengthBytes: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(lengthBytes);
  let state = seed;
  for (let i = 0; i < lengthBytes; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

function connect(
  onStream: (stream: SessionStream) => void,
  pipe: PipePairOptions = { delayMs: 10 },
  options: Partial<SessionOptions> = {},
) {
  const env = testEnv();
  const pair = pipePair(env, pipe);
  const ends: number[] = [];
  const opener = new Session(env, { opener: true, onStream() {}, onEnd: (reason) => ends.push(reason), ...options });
  const acceptor = new Session(env, { opener: false, onStream, id: opener.id, onEnd: (reason) => ends.push(100 + reason) });
  opener.attach(pair.a);
  acceptor.attach(pair.b);
  return { env, pair, opener, acceptor, ends };
}

const run = <T>(env: TestEnv, promise: Promise<T>): Promise<T> => env.clock.runFor(promise);

async function echo(stream: SessionStream): Promise<void> {
  for (let bytes = await stream.read(); bytes !== undefined; bytes = await stream.read()) await stream.write(bytes);
  stream.end();
}

describe('Session', () => {
  it('asks and answers', async () => {
    const { env, opener } = connect(async (stream) => {
      assert.equal(stream.kind, STREAM.dht);
      assert.deepEqual(stream.request, utf8('what'));
      const question = await readAll(stream, 100);
      await stream.write(concat(utf8('answer to '), question));
      stream.end();
    });
    const answer = await run(env, ask(env, opener.open(STREAM.dht, utf8('what')), utf8('question'), 100, 5000));
    assert.deepEqual(answer, utf8('answer to question'));
  });

  it('forgets streams that are over, at both ends', async () => {
    const { env, opener, acceptor } = connect((stream) => void echo(stream));
    for (let i = 0; i < 5; i++) await run(env, ask(env, opener.open(STREAM.site, EMPTY), pattern(5000, i), 5000, 5000));
    await env.runAll();
    for (const session of [opener, acceptor]) {
      assert.equal(session.stats.streams, 0);
      assert.equal(session.stats.unackedBytes, 0);
    }
  });

  it('carries megabytes both ways at once', async () => {
    const { env, opener } = connect((stream) => void echo(stream));
    const bytes = pattern(3_000_000);
    const back = await run(env, ask(env, opener.open(STREAM.site, EMPTY), bytes, bytes.length, 600_000));
    assert.ok(equal(back, bytes));
  });

  it("reads on after its own end, and writes on after the other side's", async () => {
    let server: SessionStream | undefined;
    const { env, opener } = connect((stream) => {
      server = stream;
    });
    const stream = opener.open(STREAM.tcp, EMPTY);
    stream.end();
    await env.advance(1000);
    assert.equal(await run(env, (server as SessionStream).read()), undefined);
    await (server as SessionStream).write(utf8('late'));
    (server as SessionStream).end();
    assert.deepEqual(await run(env, readAll(stream, 10)), utf8('late'));
    await assert.rejects(stream.write(utf8('x')), { kind: 'closed' });
  });

  it('puts single bytes of one turn into one payload', async () => {
    const { env, opener, pair } = connect((stream) => void echo(stream));
    const stream = opener.open(STREAM.tcp, EMPTY);
    const bytes = pattern(1000);
    for (const byte of bytes) void stream.write(Uint8Array.of(byte));
    stream.end();
    assert.ok(equal(await run(env, readAll(stream, 1000)), bytes));
    assert.ok(pair.a.sent <= 2, `${pair.a.sent} payloads`);
  });

  it('puts what several streams say in several turns into one payload, where the platform knows when all that came in is handled', async () => {
    const env = testEnv();
    const handled: (() => void)[] = [];
    const { a, b } = pipePair(env);
    const opener = new Session({ ...env, afterInput: (task) => void handled.push(task) }, { opener: true, onStream() {} });
    const heard: Uint8Array[] = [];
    const onStream = (stream: SessionStream) => void readAll(stream, 100).then((bytes) => heard.push(bytes));
    const acceptor = new Session(env, { opener: false, onStream, id: opener.id });
    opener.attach(a);
    acceptor.attach(b);
    for (const word of ['one', 'two', 'three']) {
      const stream = opener.open(STREAM.tcp, EMPTY);
      await stream.write(utf8(word));
      stream.end();
    }
    assert.equal(a.sent, 0);
    for (const task of handled) task();
    assert.equal(a.sent, 1);
    await env.runAll();
    assert.deepEqual(heard, [utf8('one'), utf8('two'), utf8('three')]);
  });

  it('lets an end that nobody waits for ride with what is sent next, or alone soon; one that is waited for goes at once', async () => {
    const ended: number[] = [];
    const { env, opener, pair } = connect(async (stream) => {
      for (let bytes = await stream.read(); bytes !== undefined; bytes = await stream.read()) await stream.write(bytes);
      ended.push(stream.id);
    });
    const answered = async (): Promise<SessionStream> => {
      const stream = opener.open(STREAM.tcp, EMPTY);
      await stream.write(utf8('x'));
      assert.deepEqual(await run(env, stream.read()), utf8('x'));
      return stream;
    };
    const [first, second] = [await answered(), await answered()];
    const before = pair.a.sent;
    first.end();
    await env.advance(END_DELAY_MS / 2);
    assert.equal(pair.a.sent, before);
    await second.write(utf8('y'));
    await env.advance(1);
    assert.equal(pair.a.sent, before + 1);
    second.end();
    await env.advance(END_DELAY_MS);
    assert.equal(pair.a.sent, before + 2);
    const third = opener.open(STREAM.tcp, EMPTY);
    third.end();
    await env.advance(1);
    assert.equal(pair.a.sent, before + 3);
    await env.advance(100);
    assert.deepEqual(ended, [first.id, second.id, third.id]);
  });

  it('delivers one byte at a time', async () => {
    const { env, opener } = connect((stream) => void echo(stream));
    const stream = opener.open(STREAM.tcp, EMPTY);
    const bytes = pattern(300);
    const written = (async () => {
      for (const byte of bytes) {
        await stream.write(Uint8Array.of(byte));
        await env.advance(1);
      }
      stream.end();
    })();
    const read = readAll(stream, 1000);
    await written;
    assert.ok(equal(await run(env, read), bytes));
  });

  it('makes a writer wait for a slow reader, and holds no more than the window', async () => {
    let server: SessionStream | undefined;
    const { env, opener, acceptor } = connect((stream) => {
      server = stream;
    });
    const stream = opener.open(STREAM.tcp, EMPTY);
    let writtenBytes = 0;
    const bytes = pattern(4_000_000);
    void (async () => {
      for (; writtenBytes < bytes.length; writtenBytes += 10_000) await stream.write(bytes.slice(writtenBytes, writtenBytes + 10_000));
      stream.end();
    })();
    const parts: Uint8Array[] = [];
    let most = 0;
    for (let i = 0; i < 40; i++) {
      await env.advance(5000);
      most = Math.max(most, acceptor.stats.unreadBytes, writtenBytes - 256 * 1024 - parts.reduce((sum, part) => sum + part.length, 0));
      parts.push((await (server as SessionStream).read()) as Uint8Array);
    }
    assert.ok(most <= 64 * 1024, `${most} bytes held`);
    const rest = await run(env, readAll(server as SessionStream, bytes.length));
    assert.ok(equal(concat(...parts, rest), bytes));
  });

  it('tells both ends of a reset, in both directions', async () => {
    for (const resetter of ['opener', 'acceptor']) {
      let server: SessionStream | undefined;
      const { env, opener, acceptor } = connect((stream) => {
        server = stream;
      });
      const stream = opener.open(STREAM.tcp, EMPTY);
      await stream.write(pattern(100));
      await env.advance(100);
      const [here, there] = resetter === 'opener' ? [stream, server as SessionStream] : [server as SessionStream, stream];
      const waits =
        resetter === 'opener'
          ? (async () => {
              await there.read();
              await there.read();
            })()
          : there.read();
      const rejected = assert.rejects(waits, { kind: 'closed', message: /timeout/ });
      here.reset(END.timeout);
      await run(env, rejected);
      await assert.rejects(here.read(), { kind: 'closed' });
      await assert.rejects(there.write(pattern(1)), { kind: 'closed' });
      await env.runAll();
      assert.equal(opener.stats.streams + acceptor.stats.streams, 0);
    }
  });

  it('lets a small stream through beside a bulk one', async () => {
    const { env, opener } = connect(
      (stream) => {
        if (stream.kind === STREAM.site) void stream.write(pattern(20_000_000)).catch(() => {});
        else void echo(stream);
      },
      { delayMs: 50, payloadsPerSecond: 250, window: 64 },
    );
    const bulk = opener.open(STREAM.site, EMPTY);
    void (async () => {
      while ((await bulk.read()) !== undefined);
    })();
    await env.advance(5000);
    const startMs = env.now();
    await run(env, ask(env, opener.open(STREAM.dht, EMPTY), utf8('ping'), 100, 60_000));
    // One window of the pipe may be queued before it (64 payloads at 250/s), and the delay.
    assert.ok(env.now() - startMs <= 100 + (64 * 1000) / 250 + 50, `${env.now() - startMs} ms`);
    assert.ok(opener.stats.receivedBytes > 2_000_000, 'the bulk stream was on');
  });

  it('carries 1,000 streams, each its own bytes', async () => {
    const { env, opener, acceptor } = connect((stream) => void echo(stream));
    const asked = Array.from({ length: 1000 }, (_, i) => ask(env, opener.open(STREAM.site, EMPTY), pattern(1 + i * 7, i), 10_000, 600_000));
    const answers = await run(env, Promise.all(asked));
    answers.forEach((answer, i) => assert.ok(equal(answer, pattern(1 + i * 7, i))));
    await env.runAll();
    assert.equal(opener.stats.streams + acceptor.stats.streams, 0);
  });

  it('refuses to open more than STREAMS_MAX streams', () => {
    const { opener } = connect(() => {});
    for (let i = 0; i < 1024; i++) opener.open(STREAM.site, EMPTY);
    assert.throws(() => opener.open(STREAM.site, EMPTY), { kind: 'full' });
  });

  it('lets either side open', async () => {
    const { env, acceptor } = connect(() => {}, { delayMs: 10 }, { onStream: (stream) => void echo(stream) });
    const answer = await run(env, ask(env, acceptor.open(STREAM.message, EMPTY), utf8('hello'), 100, 5000));
    assert.deepEqual(answer, utf8('hello'));
  });

  it('says when the other side has accepted, and when it has everything', async () => {
    let server: SessionStream | undefined;
    const { env, opener } = connect((stream) => {
      server = stream;
    });
    const stream = opener.open(STREAM.tcp, EMPTY);
    let connected = false;
    let finished = false;
    void stream.connected.then(() => (connected = true));
    void stream.finished.then(() => (finished = true));
    await env.advance(1000);
    assert.equal(connected, false);
    (server as SessionStream).accept();
    await env.advance(1000);
    assert.equal(connected, true);
    await stream.write(pattern(5000));
    stream.end();
    assert.equal(finished, false);
    await env.advance(1000);
    assert.equal(finished, true);
  });

  it('resets what it has when it ends, and says why', async () => {
    const { env, opener, ends } = connect((stream) => {
      void assert.rejects(stream.read(), { message: /refused/ });
    });
    const stream = opener.open(STREAM.tcp, EMPTY);
    const rejected = assert.rejects(stream.read(), { message: /refused/ });
    await env.advance(100);
    opener.end(END.refused);
    await rejected;
    assert.throws(() => opener.open(STREAM.tcp, EMPTY), { kind: 'closed' });
    assert.deepEqual(ends, [END.refused]);
  });

  it('a question without an answer times out', async () => {
    const { env, opener } = connect(() => {});
    await assert.rejects(run(env, ask(env, opener.open(STREAM.dht, EMPTY), utf8('?'), 100, 3000)), { kind: 'timeout' });
  });

  it('an answer over its limit is refused', async () => {
    const { env, opener } = connect((stream) => void echo(stream));
    await assert.rejects(run(env, ask(env, opener.open(STREAM.dht, EMPTY), pattern(101), 100, 3000)), { kind: 'malformed' });
  });
});
