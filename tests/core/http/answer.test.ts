import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { concat, fromUtf8 } from '../../../src/core/bytes/bytes.ts';
import { DecodeError } from '../../../src/core/bytes/errors.ts';
import { decodeDisposition, HEAD_MAX_BYTES, HttpResponseDecoder } from '../../../src/core/http/index.ts';

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
