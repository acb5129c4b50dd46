import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { concat, fromUtf8, utf8 } from '../../../src/core/bytes/bytes.ts';
import { DecodeError, GlobalNetError } from '../../../src/core/bytes/errors.ts';
import {
  askHttp,
  decodeDisposition,
  encodeHttpRequest,
  HEAD_MAX_BYTES,
  HttpResponseDecoder,
  isRange,
} from '../../../src/core/http/index.ts';
import type { HttpAnswer, HttpRequest, HttpStream } from '../../../src/core/http/index.ts';
import { END, type EndReason, STREAM } from '../../../src/core/wire/registry.ts';
import { isRead } from '../../../node/tcp/repeatable.ts';
import { type TestEnv, testEnv } from '../../support/test-env.ts';

const HOST = `${'a'.repeat(56)}.gnet`;
const GET: HttpRequest = { method: 'GET', target: '/', wants: 'page' };

/** What a decoder makes of these bytes, given in pieces of this size; `cut`: the other side ends behind them. */
function decode(text: string, { pieceBytes = Number.POSITIVE_INFINITY, isHead = false } = {}) {
  const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const decoder = new HttpResponseDecoder(isHead);
  const body: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) body.push(...decoder.push(bytes.slice(at, at + pieceBytes)));
  const whole = decoder.done;
  decoder.end();
  return { status: decoder.head?.status, fields: decoder.head?.fields, body: fromUtf8(concat(...body)), whole };
}

const OK = 'HTTP/1.1 200 OK\r\n';

describe('an answer of HTTP', () => {
  for (const [what, text, body, whole] of [
    ['of a known length', `${OK}Content-Length: 5\r\n\r\nhello`, 'hello', true],
    ['of the same length, said twice', `${OK}Content-Length: 5\r\nContent-Length:5\r\n\r\nhello`, 'hello', true],
    ['and what nobody asked for behind it', `${OK}Content-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n\r\n`, 'hello', true],
    ['up to the end', `HTTP/1.0 200 OK\r\n\r\nhello`, 'hello', false],
    ['without a reason', `HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n`, '', true],
    ['in chunks', `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x="y"\r\nllo\r\n0\r\n\r\n`, 'hello', true],
    ['in chunks with trailers', `${OK}transfer-encoding: Chunked\r\n\r\n0005\r\nhello\r\n00\r\nX: y\r\n\r\n`, 'hello', true],
    [
      'behind interim answers',
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: <x>\r\n\r\n${OK}Content-Length: 5\r\n\r\nhello`,
      'hello',
      true,
    ],
    ['204, whatever it says', `HTTP/1.1 204 None\r\nContent-Length: 5\r\n\r\nhello`, '', true],
  ] as const) {
    it(`is read: ${what}, in pieces of any size`, () => {
      for (const pieceBytes of [1, 2, 3, 7, 1e9]) {
        const got = decode(text, { pieceBytes });
        assert.deepEqual([got.body, got.whole], [body, whole]);
      }
    });
  }

  it('to HEAD has no body, and keeps its length', () => {
    const got = decode(`${OK}Content-Length: 500\r\n\r\n`, { isHead: true });
    assert.equal(got.whole, true);
    assert.equal(got.fields?.get('content-length'), '500');
  });

  it('has its headers by small names, values of one name joined, blanks cut off', () => {
    const { fields } = decode(`${OK}A-b: \t x y \t\r\nSet-Cookie:1\r\nset-COOKIE: 2\r\nEmpty:\r\nContent-Length: 0\r\n\r\n`);
    assert.deepEqual(
      [...(fields ?? [])],
      [
        ['a-b', 'x y'],
        ['set-cookie', '1, 2'],
        ['empty', ''],
        ['content-length', '0'],
      ],
    );
  });

  for (const [what, text, words] of [
    ['another protocol', 'SSH-2.0-OpenSSH\r\n', /does not begin with HTTP/],
    ['another protocol that says two bytes', '\x15\x03', /does not begin with HTTP/],
    ['HTTP/2', 'HTTP/2 200 OK\r\n\r\n', /does not begin with HTTP\/1/],
    ['no status', 'HTTP/1.1 OK\r\n\r\n', /status line/],
    ['a status of no class', 'HTTP/1.1 600 Odd\r\n\r\n', /status line/],
    ['a switch of protocols', 'HTTP/1.1 101 Switching\r\n\r\n', /not asked for/],
    ['interim answers without end', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(9), /not asked for/],
    ['lines that end in LF', 'HTTP/1.1 200 OK\n\n', /CRLF/],
    ['a header on two lines', `${OK}A: b\r\n c\r\n\r\n`, /one line/],
    ['a name with a blank', `${OK}A : b\r\n\r\n`, /one line/],
    ['a header without a name', `${OK}: b\r\n\r\n`, /one line/],
    ['a control character in a value', `${OK}A: b\0c\r\n\r\n`, /one line/],
    ['a return in a value', `${OK}A: b\rSet: c\r\n\r\n`, /one line/],
    ['headers without end', `${OK}${'A: b\r\n'.repeat(20_000)}`, /longer than 65536 bytes/],
    ['one header without end', `${OK}A: ${' '.repeat(100_000)}`, /longer than 65536 bytes/],
    ['a length that is none', `${OK}Content-Length: 5x\r\n\r\n`, /no number/],
    ['a length below zero', `${OK}Content-Length: -5\r\n\r\n`, /no number/],
    ['a length of 17 digits', `${OK}Content-Length: ${'9'.repeat(17)}\r\n\r\n`, /no number/],
    ['two lengths', `${OK}Content-Length: 5\r\nContent-Length: 6\r\n\r\n`, /no number/],
    ['a length and chunks', `${OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`, /differently/],
    ['chunks in HTTP/1.0', `HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n`, /differently/],
    ['another transfer coding', `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n`, /transfer coding/],
    ['a chunk without a length', `${OK}Transfer-Encoding: chunked\r\n\r\n\r\n`, /no length/],
    ['a chunk with a sign', `${OK}Transfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n`, /no length/],
    ['a chunk of 2^60 bytes', `${OK}Transfer-Encoding: chunked\r\n\r\n1000000000000000\r\n`, /no length/],
    ['a chunk line without end', `${OK}Transfer-Encoding: chunked\r\n\r\n5;${'x'.repeat(9000)}`, /no length/],
    ['a chunk that is longer than announced', `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n`, /longer than announced/],
    ['trailers without end', `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\n${'A: b\r\n'.repeat(20_000)}`, /longer than 65536 bytes/],
    ['an end before its headers did', `${OK}A: b\r\n`, /ended before its headers/],
    ['an end in its body', `${OK}Content-Length: 5\r\n\r\nhell`, /broke off/],
    ['an end between chunks', `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`, /broke off/],
    ['nothing', '', /ended before its headers/],
  ] as const) {
    it(`is refused: ${what}`, () => {
      for (const pieceBytes of [1, 1e9])
        assert.throws(
          () => decode(text, { pieceBytes }),
          (error) => error instanceof DecodeError && words.test(error.problem),
        );
    });
  }

  it('may have headers of 64 KB, and is read in a moment when they are nothing but blanks', () => {
    const blanks = ' '.repeat(HEAD_MAX_BYTES - OK.length - 'A:\x01\r\n'.length - 2);
    assert.equal(decode(`${OK}A: ${blanks}\r\n\r\n`).status, 200);
    assert.throws(() => decode(`${OK}A:${blanks}\x01\r\n\r\n`), /one line/);
  });
});

describe('what an answer says is to be done with it', () => {
  for (const [text, isAttachment, fileName] of [
    [undefined, false, undefined],
    ['attachment', true, undefined],
    ['Attachment ; filename=a.zip', true, 'a.zip'],
    ['inline; filename="a b.zip"', false, 'a b.zip'],
    ['attachment; filename="say \\"hi\\".txt"; size=5', true, 'say "hi".txt'],
    ['attachment; filename="x.txt"; filename*=UTF-8\'\'%c3%bcber%2Fall.txt', true, 'über/all.txt'],
    ["attachment; filename*=UTF-8''%ff; filename=x.txt", true, 'x.txt'],
    ["attachment; filename*=UTF-7''x; filename=y.txt", true, 'y.txt'],
    ['attachment; filename="\xc3\xbcber.txt"', true, 'über.txt'],
    ['attachment; filename="\xfcber.txt"', true, 'über.txt'],
    ['attachment; filename=""', true, undefined],
    ['attachmentx; filename=a', false, 'a'],
    ['attachment; filename="never closed', true, undefined],
  ] as const) {
    it(`by ${JSON.stringify(text)}`, () => assert.deepEqual(decodeDisposition(text), { isAttachment, fileName }));
  }

  it('is read in a moment, whatever it is', () => {
    for (const piece of [';', '; ', ';a=', ';a="', ';a="\\', 'attachment;filename="\\"', ';=', "filename*=utf-8'"])
      decodeDisposition(piece.repeat(60_000 / piece.length));
    fc.assert(fc.property(fc.string(), (text) => void decodeDisposition(text)));
  });
});

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
