import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { peerIdOf } from '../../../src/core/crypto/index.ts';
import {
  decodeDirectoryAnswer,
  decodeDirectoryRequest,
  type DirectoryAnswer,
  type DirectoryError,
  type DirectoryRequest,
  encodeDirectoryAnswer,
  encodeDirectoryRequest,
} from '../../../src/core/wire/directory.ts';
import type { EndReason } from '../../../src/core/wire/registry.ts';
import { mutated, survives } from '../../support/decoders.ts';

const plain = { noNullPrototype: true } as const;
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const id = bytes(32).map(peerIdOf);
const blob = fc.uint8Array({ maxLength: 300 });
const proof = fc.record({ first: blob, second: blob }, plain);
const epoch = fc.integer({ min: 0, max: 0xffffffff });
const point = fc.record({ hashOnly: fc.boolean(), point: bytes(32) }, plain);

const request: fc.Arbitrary<DirectoryRequest> = fc.oneof(
  fc.record({ type: fc.constant('publish' as const), descriptor: blob }, plain),
  fc.record({ type: fc.constant('forget' as const), id, epoch, signature: bytes(64) }, plain),
  fc.record(
    { type: fc.constant('relays' as const), roles: fc.nat(0xffff), perPoint: fc.nat(16), points: fc.array(point, { maxLength: 8 }) },
    plain,
  ),
  fc.record({ type: fc.constant('byId' as const), hashOnly: fc.boolean(), ids: fc.array(id, { maxLength: 32 }) }, plain),
  fc.record({ type: fc.constant('fraud' as const), proof }, plain),
);

const answer: fc.Arbitrary<DirectoryAnswer | DirectoryError> = fc.oneof(
  fc.record(
    {
      type: fc.constant('answer' as const),
      descriptors: fc.array(blob, { maxLength: 20 }),
      hashes: fc.array(fc.record({ id, epoch, hash: bytes(32) }, plain), { maxLength: 20 }),
      proofs: fc.array(proof, { maxLength: 2 }),
    },
    plain,
  ),
  fc.record({ type: fc.constant('error' as const), reason: fc.nat(8).map((reason) => reason as EndReason) }, plain),
);

test('directory requests decode to what was encoded', () => {
  fc.assert(fc.property(request, (one) => assert.deepEqual(decodeDirectoryRequest(encodeDirectoryRequest(one)), one)));
});

test('directory answers decode to what was encoded', () => {
  fc.assert(fc.property(answer, (one) => assert.deepEqual(decodeDirectoryAnswer(encodeDirectoryAnswer(one)), one)));
});

test('arbitrary and mutated directory requests decode in one way or are refused', () => {
  const input = fc.oneof(fc.uint8Array({ maxLength: 600 }), mutated(request.map(encodeDirectoryRequest)));
  fc.assert(
    fc.property(input, (one) => survives(one, decodeDirectoryRequest, encodeDirectoryRequest)),
    { numRuns: 1000 },
  );
});

test('arbitrary and mutated directory answers decode in one way or are refused', () => {
  const input = fc.oneof(fc.uint8Array({ maxLength: 600 }), mutated(answer.map(encodeDirectoryAnswer)));
  fc.assert(
    fc.property(input, (one) => survives(one, decodeDirectoryAnswer, encodeDirectoryAnswer)),
    { numRuns: 1000 },
  );
});

test('an answer that promises more descriptors than are allowed is refused before it is read', () => {
  assert.throws(() => decodeDirectoryAnswer(Uint8Array.of(16, 255, 255)), /at most 128/);
});
