import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { concat, equal, utf8 } from '../../../src/core/bytes/index.ts';
import { ask, readAll, Session, type SessionStream } from '../../../src/core/stream/index.ts';
import { CLOSE, END, STREAM } from '../../../src/core/wire/registry.ts';
import { pipePair } from '../../support/pipe-pair.ts';
import { testEnv } from '../../support/test-env.ts';

const EMPTY = new Uint8Array(0);

/** Bytes that say where they are, so that a repetition or a gap shows. */
function counted(lengthBytes: number, salt: number): Uint8Array {
  return Uint8Array.from({ length: lengthBytes }, (_, i) => (i * 31 + (i >>> 8) * 7 + salt) & 0xff);
}

async function echo(stream: SessionStream): Promise<void> {
  try {
    for (let bytes = await stream.read(); bytes !== undefined; bytes = await stream.read()) await stream.write(bytes);
    stream.end();
  } catch {
    // reset: the other side is told already
  }
}

function twoSessions(onStream: (stream: SessionStream) => void = (stream) => void echo(stream)) {
  const env = testEnv();
  const ends: number[] = [];
  const opener = new Session(env, { opener: true, onStream() {}, onEnd: (reason) => ends.push(reason) });
  const acceptor = new Session(env, { opener: false, onStream, id: opener.id, onEnd: (reason) => ends.push(100 + reason) });
  return { env, opener, acceptor, ends };
}

describe('Session over path after path', () => {
  it('a download goes on where a cut stopped it, each byte once', async () => {
    const { env, opener, acceptor, ends } = twoSessions();
    const bytes = counted(400_000, 1);
    const answer = ask(env, opener.open(STREAM.site, EMPTY), bytes, bytes.length, 3_000_000);
    for (let i = 0; i < 20; i++) {
      const pair = pipePair(env, { delayMs: 20, payloadsPerSecond: 400 });
      opener.attach(pair.a);
      acceptor.attach(pair.b);
      await env.advance(100 + 37 * i);
      if (i < 19) pair.cut();
    }
    assert.ok(equal(await env.clock.runFor(answer), bytes));
    assert.deepEqual(ends, []);
  });

  it('random cuts, chunks and early flights change no byte of any stream', async () => {
    const path = fc.record({
      liveMs: fc.integer({ min: 0, max: 400 }),
      gapMs: fc.integer({ min: 0, max: 300 }),
      // How the new path begins: which side's early flight is taken, and whether it arrives.
      openerEarly: fc.constantFrom('none', 'arrives', 'lost'),
      acceptorEarly: fc.constantFrom('none', 'arrives', 'lost'),
      earlyBytes: fc.constantFrom(40, 500, 3000),
      acceptorHears: fc.boolean(),
      // Who notices that the path is gone; the other learns it from the next.
      noticed: fc.constantFrom('both', 'opener', 'acceptor'),
      window: fc.integer({ min: 1, max: 40 }),
      payloadBytes: fc.constantFrom(100, 1000, 3943),
    });
    const stream = fc.record({
      chunks: fc.array(fc.integer({ min: 0, max: 9000 }), { maxLength: 12 }),
      atMs: fc.integer({ min: 0, max: 1500 }),
      byOpener: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(path, { maxLength: 12 }), fc.array(stream, { minLength: 1, maxLength: 8 }), async (paths, streams) => {
        const env = testEnv();
        const sessions = [true, false].map(
          (opener) =>
            new Session(env, {
              opener,
              id: new Uint8Array(16),
              onStream: (s) => void echo(s),
              onEnd: (reason) => assert.fail(`ended: ${reason}`),
            }),
        );
        const [opener, acceptor] = sessions as [Session, Session];
        const answers = streams.map(async ({ chunks, atMs, byOpener }, salt) => {
          await new Promise<void>((resolve) => void env.schedule(atMs, resolve));
          const s = (byOpener ? opener : acceptor).open(STREAM.site, utf8(`${salt}`));
          const bytes = counted(
            chunks.reduce((sum, chunk) => sum + chunk, 0),
            salt,
          );
          void (async () => {
            let at = 0;
            for (const chunk of chunks) await s.write(bytes.slice(at, (at += chunk)));
            s.end();
          })();
          const back = await readAll(s, bytes.length);
          assert.ok(equal(back, bytes), `stream ${s.id}: ${back.length} of ${bytes.length} bytes`);
        });
        const all = Promise.all(answers);
        all.catch(() => {});
        for (const p of [...paths, undefined]) {
          const pair = pipePair(env, { delayMs: 15, window: p?.window ?? 64, payloadBytes: p?.payloadBytes ?? 3943 });
          if (p !== undefined) await flights(opener, acceptor, p);
          opener.attach(pair.a);
          if (p?.acceptorHears !== false) acceptor.attach(pair.b);
          if (p === undefined) break;
          await env.advance(p.liveMs);
          if (p.noticed !== 'acceptor') pair.a.lose(CLOSE.linkLost);
          if (p.noticed !== 'opener') pair.b.lose(CLOSE.linkLost);
          await env.advance(p.gapMs);
          for (const session of sessions) session.detach();
        }
        await env.clock.runFor(all);
        await env.runAll();
        assert.equal(opener.stats.streams + acceptor.stats.streams, 0);
        assert.equal(opener.stats.unackedBytes + acceptor.stats.unackedBytes, 0);
      }),
      { numRuns: Number(process.env['RUNS'] ?? 150), seed: Number(process.env['SEED'] ?? 7) },
    );

    /** A lost flight means a lost path: the session that sent it leaves it, and begins again. */
    async function flights(opener: Session, acceptor: Session, p: { openerEarly: string; acceptorEarly: string; earlyBytes: number }) {
      for (const [from, to, fate] of [
        [opener, acceptor, p.openerEarly],
        [acceptor, opener, p.acceptorEarly],
      ] as const) {
        if (fate === 'none') continue;
        const early = from.takeEarly(p.earlyBytes);
        assert.ok(early.length <= p.earlyBytes);
        if (fate === 'arrives') to.acceptEarly(early);
        else {
          opener.detach();
          acceptor.detach();
        }
      }
    }
  });

  it('a request rides in the first flight, and its answer in the first back', async () => {
    const { env, opener, acceptor } = twoSessions((stream) => {
      void readAll(stream, 100).then((question) => {
        void stream.write(concat(utf8('re: '), question));
        stream.end();
      });
    });
    const answer = ask(env, opener.open(STREAM.site, utf8('r')), utf8('question'), 100, 60_000);
    acceptor.acceptEarly(opener.takeEarly(2000));
    await env.advance(0);
    opener.acceptEarly(acceptor.takeEarly(2000));
    assert.deepEqual(await env.clock.runFor(answer), utf8('re: question'));
  });

  it('a flight that was lost is sent again, to an acceptor that never heard of it', async () => {
    const { env, opener, acceptor } = twoSessions();
    const answer = ask(env, opener.open(STREAM.site, EMPTY), utf8('question'), 100, 60_000);
    assert.ok(opener.takeEarly(2000).length > 0);
    opener.detach();
    const again = opener.takeEarly(2000);
    const pair = pipePair(env, { delayMs: 20 });
    acceptor.attach(pair.b);
    acceptor.acceptEarly(again);
    opener.attach(pair.a);
    assert.deepEqual(await env.clock.runFor(answer), utf8('question'));
  });

  it('a flight that fills its room goes on through the pipe', async () => {
    const { env, opener, acceptor } = twoSessions();
    const bytes = counted(20_000, 3);
    const answer = ask(env, opener.open(STREAM.site, EMPTY), bytes, bytes.length, 60_000);
    acceptor.acceptEarly(opener.takeEarly(1000));
    const pair = pipePair(env, { delayMs: 20 });
    acceptor.attach(pair.b);
    opener.attach(pair.a);
    assert.ok(equal(await env.clock.runFor(answer), bytes));
  });

  it('ends its streams when no path comes within the grace', async () => {
    const { env, opener, acceptor, ends } = twoSessions();
    const pair = pipePair(env, { delayMs: 20 });
    opener.attach(pair.a);
    acceptor.attach(pair.b);
    const rejected = assert.rejects(opener.open(STREAM.tcp, EMPTY).read(), { kind: 'closed', message: /sessionLost/ });
    await env.advance(100);
    pair.cut();
    await env.advance(119_000);
    assert.deepEqual(ends, []);
    await env.advance(2000);
    await rejected;
    assert.deepEqual(new Set(ends), new Set([END.sessionLost, 100 + END.sessionLost]));
  });

  it('a reset that was lost with its path is made good by the next', async () => {
    const streams: SessionStream[] = [];
    const { env, opener, acceptor } = twoSessions((stream) => void streams.push(stream));
    const first = pipePair(env, { delayMs: 20 });
    opener.attach(first.a);
    acceptor.attach(first.b);
    const stream = opener.open(STREAM.tcp, EMPTY);
    await env.advance(100);
    const rejected = assert.rejects((streams[0] as SessionStream).read(), { kind: 'closed' });
    stream.reset(END.timeout);
    first.cut();
    const second = pipePair(env, { delayMs: 20 });
    opener.attach(second.a);
    acceptor.attach(second.b);
    await env.clock.runFor(rejected);
    assert.equal(opener.stats.streams + acceptor.stats.streams, 0);
  });

  it('an acceptor that has forgotten a session it knew ends it', async () => {
    const { env, opener, acceptor, ends } = twoSessions();
    const first = pipePair(env, { delayMs: 20 });
    opener.attach(first.a);
    acceptor.attach(first.b);
    const stream = opener.open(STREAM.tcp, EMPTY);
    await stream.write(counted(20_000, 1));
    await env.advance(500);
    first.cut();
    const restarted = new Session(env, { opener: false, onStream: (s) => void echo(s), id: opener.id });
    const second = pipePair(env, { delayMs: 20 });
    opener.attach(second.a);
    restarted.attach(second.b);
    await env.advance(1000);
    assert.deepEqual(ends, [END.sessionLost]);
  });

  it('resumes 1,000 streams', async () => {
    const { env, opener, acceptor } = twoSessions();
    const asked = Array.from({ length: 1000 }, (_, i) => ask(env, opener.open(STREAM.site, EMPTY), counted(1000 + i, i), 10_000, 600_000));
    const all = Promise.all(asked);
    for (let i = 0; i < 6; i++) {
      const pair = pipePair(env, { delayMs: 20, window: 200 });
      opener.attach(pair.a);
      acceptor.attach(pair.b);
      await env.advance(60 + 20 * i);
      if (i < 5) pair.cut();
    }
    (await env.clock.runFor(all)).forEach((answer, i) => assert.ok(equal(answer, counted(1000 + i, i))));
  });
});
