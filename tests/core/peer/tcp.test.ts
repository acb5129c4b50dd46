import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DecodeError } from '../../../src/core/bytes/errors.ts';
import { decodeTcpRequest, encodeTcpRequest } from '../../../src/core/wire/tcp.ts';

test('a tcp request reads back as it was written, for every port', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 65535 }), (port) => decodeTcpRequest(encodeTcpRequest({ port })).port === port));
  for (const port of [0, -1, 1.5, 65536, Number.NaN]) assert.throws(() => encodeTcpRequest({ port }), RangeError);
});

test('any bytes are a tcp request of two bytes with a port, or refused', () => {
  assert.throws(() => decodeTcpRequest(new Uint8Array(2)), DecodeError);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5 }), (bytes) => {
      try {
        assert.deepEqual(encodeTcpRequest(decodeTcpRequest(bytes)), bytes);
      } catch (error) {
        assert.ok(error instanceof DecodeError);
      }
    }),
  );
});
