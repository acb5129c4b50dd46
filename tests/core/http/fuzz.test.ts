import assert from 'node:assert/strict';
import { request } from 'node:http';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat } from '../../../src/core/bytes/bytes.ts';
import { DecodeError } from '../../../src/core/bytes/errors.ts';
import { HttpResponseDecoder } from '../../../src/core/http/index.ts';

interface Outcome {
  status: number | undefined;
  body: Buffer;
}

/** Undefined when it is refused. */
function decode(bytes: Uint8Array, isHead: boolean, pieceBytes = Math.max(1, bytes.length)): Outcome | undefined {
  const decoder = new HttpResponseDecoder(isHead);
  const body: Uint8Array[] = [];
  try {
    for (let at = 0; at < bytes.length; at += pieceBytes) body.push(...decoder.push(bytes.slice(at, at + pieceBytes)));
    decoder.end();
    assert.ok(body.every((part) => part.length > 0));
    return { status: decoder.head?.status, body: Buffer.from(concat(...body)) };
  } catch (error) {
    assert.ok(error instanceof DecodeError, String(error));
    return undefined;
  }
}

/** Bytes up to the answer's end: what stands behind it Node reads as another answer. */
function lengthOf(bytes: Uint8Array, isHead: boolean): number {
  const decoder = new HttpResponseDecoder(isHead);
  let at = 0;
  for (; at < bytes.length && !decoder.done; at++) decoder.push(bytes.subarray(at, at + 1));
  return at;
}

/** What Node's own parser makes of it, the oracle. */
function decodeByNode(bytes: Uint8Array, isHead: boolean): Promise<Outcome | undefined> {
  return new Promise((resolve) => {
    const wire = new Duplex({ read: () => undefined, write: (_bytes, _encoding, done) => done() });
    const asked = request({ method: isHead ? 'HEAD' : 'GET', createConnection: () => wire, maxHeaderSize: 1e6 });
    asked.on('error', () => resolve(undefined));
    asked.on('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', () => resolve(undefined));
      response.on('end', () => resolve({ status: response.statusCode, body: Buffer.concat(parts) }));
    });
    asked.end();
    wire.push(Buffer.from(bytes));
    wire.push(null);
  });
}

/** A length that is said twice and alike: RFC 9110 § 8.6 lets it be taken, and Node refuses it. */
function isStricter(bytes: Uint8Array): boolean {
  const lengths = Buffer.from(bytes)
    .toString('latin1')
    .match(/content-length:/gi);
  return lengths !== null && lengths.length > 1;
}

/** One of these, and now and then something that does not belong there. */
function mostly(...right: string[]): fc.Arbitrary<string> {
  const wrong = fc.constantFrom('', '\n', '\r', ' ', ':', '0', '\0', '\xff', '\r\n', 'HTTP/1.2', 'Content-Length: 6\r\n', ' folded\r\n');
  return fc.oneof({ weight: 30, arbitrary: fc.constantFrom(...right) }, { weight: 1, arbitrary: wrong });
}

/** Answers, most of them right. */
const ANSWER = fc
  .tuple(
    mostly('', '', '', 'HTTP/1.1 100 Go on\r\n\r\n'),
    mostly('HTTP/1.1 200 OK\r\n', 'HTTP/1.1 200 OK\r\n', 'HTTP/1.0 404 Not Found\r\n', 'HTTP/1.1 204 None\r\n'),
    mostly('X: \t y \r\n', '', 'Set-Cookie: a\r\nset-cookie: b\r\n'),
    mostly('Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n', 'content-length:5 \r\n', 'Transfer-Encoding: gzip\r\n', ''),
    mostly('\r\n'),
    mostly('hello', '5\r\nhello\r\na;b=c\r\n0123456789\r\n0\r\n\r\n', '05\r\nhello\r\n00\r\nX: y\r\n\r\n', '5\r\nhello\r\n', 'hell'),
    mostly('', '', 'HTTP/1.1 200 OK\r\n\r\n'),
  )
  .map((parts) => Uint8Array.from(parts.join(''), (letter) => letter.charCodeAt(0)));

test('any bytes are an answer or refused, alike in pieces of any size', () => {
  fc.assert(
    fc.property(
      fc.oneof(ANSWER, fc.uint8Array({ maxLength: 60 })),
      fc.boolean(),
      fc.integer({ min: 1, max: 9 }),
      (bytes, isHead, pieceBytes) => {
        assert.deepEqual(decode(bytes, isHead, pieceBytes), decode(bytes, isHead));
      },
    ),
    { numRuns: 500 },
  );
});

test('what is taken for an answer, Node takes for the same', async () => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(ANSWER, fc.boolean(), async (bytes, isHead) => {
      const ours = decode(bytes, isHead);
      if (ours === undefined || isStricter(bytes)) return;
      taken++;
      assert.deepEqual(ours, await decodeByNode(bytes.subarray(0, lengthOf(bytes, isHead)), isHead));
    }),
    { numRuns: 250 },
  );
  assert.ok(taken > 50, `only ${taken} of them were answers`);
});
