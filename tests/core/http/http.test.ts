import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { concat, fromUtf8, utf8 } from '../../../src/core/bytes/bytes.ts';
import { GlobalNetError } from '../../../src/core/bytes/errors.ts';
import { askHttp, encodeHttpRequest, isRange } from '../../../src/core/http/index.ts';
import type { HttpAnswer, HttpRequest, HttpStream } from '../../../src/core/http/index.ts';
import { END, type EndReason, STREAM } from '../../../src/core/wire/registry.ts';
import { isRead } from '../../../node/tcp/repeatable.ts';
import { type TestEnv, testEnv } from '../../support/test-env.ts';

const HOST = `${'a'.repeat(56)}.gnet`;
const GET: HttpRequest = { method: 'GET', target: '/', wants: 'page' };

const OK = 'HTTP/1.1 200 OK\r\n';
const NOW = 'Date: Sun, 22 Nov 2026 12:00:00 GMT';
const AN_HOUR_AGO = 'Last-Modified: Sun, 22 Nov 2026 11:00:00 GMT';

describe('a request of HTTP', () => {
  it('is the same few lines from every reader, and may be heard twice when it is a GET or HEAD', () => {
    assert.equal(
      fromUtf8(encodeHttpRequest({ ...GET, target: '/a?b=c', range: 'bytes=5-' }, HOST)),
      `GET /a?b=c HTTP/1.1\r\nHost: ${HOST}\r\nUser-Agent: GlobalNet\r\nAccept: text/html,*/*;q=0.8\r\nAccept-Encoding: identity\r\nConnection: close\r\nRange: bytes=5-\r\n\r\n`,
    );
    assert.match(fromUtf8(encodeHttpRequest(GET, `${HOST}:8080`)), /\r\nHost: a{56}\.gnet:8080\r\n/);
    for (const method of ['GET', 'HEAD'] as const) assert.ok(isRead(encodeHttpRequest({ ...GET, method }, HOST)));
    const body = { mediaType: 'text/plain', bytes: utf8('hé') };
    const post = encodeHttpRequest({ method: 'POST', target: '/', wants: 'page', body }, HOST);
    assert.match(fromUtf8(post), /^POST \/ .*\r\nOrigin: http:\/\/a{56}\.gnet\r\nContent-Type: text\/plain\r\nContent-Length: 3\r\n\r\n$/s);
    assert.equal(isRead(post), false);
  });

  it('asks for a compressed answer where the whole of it is wanted', () => {
    for (const [request, wanted] of [
      [GET, 'gzip'],
      [{ ...GET, method: 'HEAD' }, 'identity'],
      [{ ...GET, range: 'bytes=0-' }, 'identity'],
    ] as const)
      assert.match(fromUtf8(encodeHttpRequest(request, HOST)), new RegExp(`\r\nAccept-Encoding: ${wanted}\r\n`));
  });

  it('wants the rest of the same thing alone where it names it', () => {
    const rest = { ...GET, range: 'bytes=5-', ifRange: '"v1"' };
    assert.match(fromUtf8(encodeHttpRequest(rest, HOST)), /\r\nRange: bytes=5-\r\nIf-Range: "v1"\r\n\r\n$/);
  });

  for (const [what, lines, validator] of [
    ['a strong tag', 'ETag: "a-1"', '"a-1"'],
    ['no weak one, nor the date beside it', `ETag: W/"a"\r\n${AN_HOUR_AGO}\r\n${NOW}`, undefined],
    ['a date that is well past', `${AN_HOUR_AGO}\r\n${NOW}`, AN_HOUR_AGO.slice(15)],
    ['no date of this second', `${NOW.replace('Date', 'Last-Modified')}\r\n${NOW}`, undefined],
    ['no date without a clock beside it', AN_HOUR_AGO, undefined],
    ['nothing that would not fit on its line', 'ETag: "a\tb"', undefined],
  ] as const)
    it(`takes for what tells an answer from others ${what}`, async () => {
      const { wire, answer } = asked(testEnv(), GET);
      wire.come(`${OK}${lines}\r\nContent-Length: 0\r\n\r\n`);
      assert.equal((await answer).head.validator, validator);
    });

  it('has no room for a second line in any of its fields', () => {
    const bytes = utf8('x');
    for (const request of [
      { ...GET, target: '/ HTTP/1.1\r\nCookie: a' },
      { ...GET, target: 'http://elsewhere/' },
      { ...GET, target: '/é' },
      { ...GET, range: 'bytes=0-\r\nCookie: a' },
      { ...GET, range: 'bytes=0-1,3-4' },
      { ...GET, range: 'bytes=0-', ifRange: '"a"\r\nCookie: a' },
      { ...GET, range: 'bytes=0-', ifRange: 'W/"a"' },
      { ...GET, method: 'POST', body: { mediaType: 'text/plain\r\nCookie: a', bytes } },
    ] as HttpRequest[])
      assert.throws(() => encodeHttpRequest(request, HOST), RangeError);
    assert.throws(() => encodeHttpRequest(GET, 'elsewhere.example\r\nX: y'), RangeError);
    for (const range of ['bytes=', 'bytes=-', 'items=0-', 'bytes=5']) assert.equal(isRange(range), false);
  });
});

/** A connection whose other end is this test. */
class Wire implements HttpStream {
  readonly kind = STREAM.tcp;
  readonly request = new Uint8Array(0);
  readonly written: string[] = [];
  wasReset: EndReason | undefined;
  ended = false;
  accept: () => void = () => undefined;
  readonly connected = new Promise<void>((resolve) => (this.accept = resolve));
  #queue: (Uint8Array | undefined)[] = [];
  #wake: () => void = () => undefined;

  come(text: string | undefined): void {
    this.#queue.push(text === undefined ? undefined : utf8(text));
    this.#wake();
  }

  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.wasReset !== undefined) throw new GlobalNetError('closed', 'was reset');
      if (this.#queue.length > 0) return this.#queue.shift();
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.written.push(fromUtf8(bytes));
  }

  end(): void {
    this.ended = true;
  }

  reset(reason: EndReason): void {
    this.wasReset ??= reason;
    this.#wake();
  }
}

function asked(env: TestEnv, request: HttpRequest, wire = new Wire()) {
  const controller = new AbortController();
  let first = '';
  const open = async (bytes: Uint8Array): Promise<Wire> => {
    first = fromUtf8(bytes);
    return wire;
  };
  const answer = askHttp(env, open, request, HOST, controller.signal as never);
  return { wire, answer, controller, first: () => first };
}

async function all(answer: HttpAnswer): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of answer.body) parts.push(part);
  return fromUtf8(concat(...parts));
}

describe('asking by HTTP', () => {
  it('sends a GET along with the opening, and gives of the head what has a field', async () => {
    const { wire, answer, first } = asked(testEnv(), GET);
    wire.come(`${OK}Set-Cookie: a=b\r\nLink: <http://elsewhere/>; rel=preload\r\nContent-Type: text/html; charset=utf-8\r\n`);
    wire.come('Content-Length: 2\r\nAccept-Ranges: bytes\r\nRefresh: 0;url=http://elsewhere/\r\n\r\nhi');
    const { head } = await answer;
    assert.match(first(), /^GET /);
    assert.deepEqual(head, {
      status: 200,
      mediaType: 'text/html; charset=utf-8',
      lengthBytes: 2,
      contentRange: undefined,
      acceptsRanges: true,
      validator: undefined,
      coding: undefined,
      isAttachment: false,
      fileName: undefined,
      location: undefined,
    });
    assert.equal(await all(await answer), 'hi');
    assert.ok(wire.ended);
    assert.equal(wire.wasReset, undefined);
  });

  it('sends a POST when the connection stands, and not before', async () => {
    const env = testEnv();
    const body = { mediaType: 'text/plain', bytes: utf8('what I say') };
    const { wire, answer, first } = asked(env, { method: 'POST', target: '/', wants: 'page', body });
    await env.advance(10);
    assert.deepEqual([first(), wire.written], ['', []]);
    wire.accept();
    await env.advance(10);
    assert.equal(wire.written[1], 'what I say');
    wire.come(`${OK}\r\nthanks`);
    wire.come(undefined);
    assert.equal(await all(await answer), 'thanks');
  });

  for (const [what, come, kind, words] of [
    ['no HTTP', 'SSH-2.0\r\n', 'unsupported', /not answer as a web server does: it does not begin with HTTP/],
    [
      'a body compressed otherwise',
      `${OK}Content-Encoding: br\r\n\r\n`,
      'unsupported',
      /compressed in a way that was not asked for \(br\)/,
    ],
    ['a body compressed twice', `${OK}Content-Encoding: gzip, gzip\r\n\r\n`, 'unsupported', /not asked for \(gzip, gzip\)/],
    ['a part that is compressed', 'HTTP/1.1 206 Part\r\nContent-Encoding: gzip\r\n\r\n', 'unsupported', /a part of it is compressed/],
    ['an end before the headers', undefined, 'closed', /ended the connection before its answer was whole/],
  ] as const) {
    it(`says what came instead: ${what}`, async () => {
      const { wire, answer } = asked(testEnv(), GET);
      wire.come(come);
      await assert.rejects(answer, (error) => error instanceof GlobalNetError && error.kind === kind && words.test(error.message));
      assert.notEqual(wire.wasReset, undefined);
    });
  }

  it('says how a body is compressed, but for files that are', async () => {
    for (const [lines, coding] of [
      ['Content-Encoding: X-GZip\r\n', 'gzip'],
      ['Content-Encoding: deflate\r\n', 'deflate'],
      ['Content-Encoding: identity\r\n', undefined],
      ['Content-Encoding: x-gzip\r\nContent-Type: application/x-gzip\r\n', undefined],
    ] as const) {
      const { wire, answer } = asked(testEnv(), GET);
      wire.come(`${OK}${lines}\r\n`);
      assert.equal((await answer).head.coding, coding);
    }
  });

  it('says that the body broke off', async () => {
    const { wire, answer } = asked(testEnv(), GET);
    wire.come(`${OK}Content-Length: 5\r\n\r\nhe`);
    wire.come(undefined);
    await assert.rejects(all(await answer), { kind: 'closed' });
  });

  it('waits for a minute of silence, and no longer', async () => {
    const env = testEnv();
    const { wire, answer } = asked(env, GET);
    const failed = assert.rejects(answer, { kind: 'timeout' });
    await env.advance(61_000);
    await failed;
    assert.equal(wire.wasReset, END.timeout);
  });

  it('a reader who stops ends the connection; one who has left before the head too', async () => {
    const env = testEnv();
    const { wire, answer } = asked(env, GET);
    wire.come(`${OK}\r\nfirst`);
    for await (const part of (await answer).body) {
      assert.equal(fromUtf8(part), 'first');
      break;
    }
    assert.equal(wire.wasReset, END.cancelled);
    const early = asked(env, GET);
    early.controller.abort();
    await assert.rejects(early.answer, { kind: 'cancelled' });
    assert.equal(early.wire.wasReset, END.cancelled);
  });

  it('a service that goes on after its answer is left', async () => {
    const env = testEnv();
    const { wire, answer } = asked(env, GET);
    wire.come(`${OK}Content-Length: 2\r\n\r\nhi`);
    assert.equal(await all(await answer), 'hi');
    await env.advance(6_000);
    assert.equal(wire.wasReset, END.done);
  });
});
