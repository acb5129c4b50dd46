import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, utf8 } from '../../src/core/bytes/bytes.ts';
import { isRead, isReadOrGreeting } from '../../node/tcp/repeatable.ts';

const GET = 'GET / HTTP/1.1\r\nHost: example.org\r\n\r\n';

test('what may be heard twice: whole GET and HEAD requests, and nothing else', () => {
  for (const [words, safe] of [
    [GET, true],
    [GET.replace('GET', 'HEAD'), true],
    [GET + GET, true],
    ['GET / HTTP/1.0\r\n\r\n', true],
    [GET.slice(0, -2), false],
    [`${GET}POST / HTTP/1.1\r\n`, false],
    [`${GET}x`, false],
    [GET.replace('GET', 'POST'), false],
    [GET.replace('GET', 'get'), false],
    [GET.replace('\r\n\r\n', '\r\nContent-Length: 3\r\n\r\n'), false],
    [GET.replace('\r\n\r\n', '\r\ntransfer-encoding : chunked\r\n\r\n'), false],
    ['GET /\r\n\r\n', false],
    ['SSH-2.0-client\r\n', false],
    ['\x16\x03\x01\x00\x08\x01\x00\x00\x04\x03\x03\t\t', false],
    ['', false],
  ] as const) {
    assert.equal(isRead(utf8(words)), safe, words);
  }
  assert.equal(isRead(utf8(GET.replace('/', `/${'a'.repeat(20_000)}`))), false);
});

test('the greeting of TLS may be heard twice by what an exit reaches; with anything behind it, or cut, it may not', () => {
  const hello = Uint8Array.of(22, 3, 1, 0, 8, 1, 0, 0, 4, 3, 3, 9, 9);
  assert.equal(isReadOrGreeting(hello), true);
  assert.equal(isReadOrGreeting(concat(hello, Uint8Array.of(23, 3, 3, 0, 1, 0))), false);
  for (let cut = 0; cut < hello.length; cut++) assert.equal(isReadOrGreeting(hello.subarray(0, cut)), false);
  for (const [at, value] of [
    [0, 23],
    [1, 2],
    [4, 7],
    [5, 2],
    [8, 5],
  ] as const)
    assert.equal(isReadOrGreeting(hello.with(at, value)), false, `byte ${at}`);
});
