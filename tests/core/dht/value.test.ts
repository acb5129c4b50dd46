import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DecodeError, equal } from '../../../src/core/bytes/index.ts';
import { identityFromSeed, nobleCrypto } from '../../../src/core/crypto/index.ts';
import {
  decodeDhtAnswer,
  decodeDhtRequest,
  type DhtAnswer,
  type DhtRequest,
  encodeDhtAnswer,
  encodeDhtRequest,
} from '../../../src/core/wire/dht.ts';
import type { EndReason, KeepResult } from '../../../src/core/wire/registry.ts';
import {
  bagKey,
  type BagContent,
  decodeValue,
  isWorkDone,
  signValue,
  type SingleWriterContent,
  singleWriterKey,
  verifyValue,
} from '../../../src/core/wire/value.ts';
import { solveBagWork } from '../../../src/core/dht/index.ts';
import { kindOf, mutated, survives } from '../../support/decoders.ts';
import { testEnv } from '../../support/test-env.ts';

const NOW = 1_800_000_000_000;
const writer = identityFromSeed(nobleCrypto, new Uint8Array(32).fill(9));
const sign = (message: Uint8Array) => nobleCrypto.ed25519Sign(writer.seed, message);
const plain = { noNullPrototype: true } as const;
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const shared = {
  writer: fc.constant(writer.publicKey),
  serial: fc.nat(Number.MAX_SAFE_INTEGER),
  expiresAtMs: fc.integer({ min: NOW + 1, max: NOW + 1e9 }),
  payload: fc.uint8Array({ maxLength: 500 }),
};
const single: fc.Arbitrary<SingleWriterContent> = fc.record(
  { kind: fc.constant('singleWriter' as const), record: fc.nat(255), slot: fc.nat(0xffff), ...shared },
  plain,
);
const entry: fc.Arbitrary<BagContent> = fc.record(
  { kind: fc.constant('bag' as const), bag: bytes(32), effort: fc.nat(1), work: bytes(8), ...shared },
  plain,
);

test('values decode to what was signed and verify, in one encoding', () => {
  fc.assert(
    fc.property(fc.oneof(single, entry), (content) => {
      const value = signValue(nobleCrypto, sign, content);
      assert.deepEqual(decodeValue(value.bytes).content, content);
      assert.deepEqual(verifyValue(nobleCrypto, value.bytes, NOW), value);
    }),
    { numRuns: 50 },
  );
});

test('the key of a single-writer value follows from its writer and kind of record', () => {
  const value = signValue(nobleCrypto, sign, {
    kind: 'singleWriter',
    record: 1,
    writer: writer.publicKey,
    slot: 3,
    serial: 1,
    expiresAtMs: NOW + 1,
    payload: new Uint8Array(3),
  });
  assert.deepEqual(value.key, singleWriterKey(nobleCrypto, 1, writer.publicKey));
  assert.ok(!equal(value.key, singleWriterKey(nobleCrypto, 2, writer.publicKey)));
  assert.ok(!equal(singleWriterKey(nobleCrypto, 1, writer.publicKey), bagKey(nobleCrypto, writer.publicKey)));
});

test('expired, forged, unworked and changed values are refused', async () => {
  const content = {
    kind: 'singleWriter' as const,
    record: 1,
    writer: writer.publicKey,
    slot: 0,
    serial: 1,
    expiresAtMs: NOW + 10,
    payload: new Uint8Array(40),
  };
  const value = signValue(nobleCrypto, sign, content);
  assert.equal(
    kindOf(() => verifyValue(nobleCrypto, value.bytes, NOW + 10)),
    'clock',
  );
  for (let offset = 0; offset < value.bytes.length; offset++) {
    const changed = value.bytes.slice();
    changed[offset] = (changed[offset] as number) ^ 1;
    assert.notEqual(
      kindOf(() => verifyValue(nobleCrypto, changed, NOW)),
      'nothing',
      `byte ${offset}`,
    );
  }
  const idle: BagContent = {
    kind: 'bag',
    bag: new Uint8Array(32),
    effort: 0xffffffff,
    work: new Uint8Array(8),
    writer: writer.publicKey,
    serial: 1,
    expiresAtMs: NOW + 10,
    payload: new Uint8Array(0),
  };
  assert.equal(
    kindOf(() => verifyValue(nobleCrypto, signValue(nobleCrypto, sign, idle).bytes, NOW)),
    'unverified',
  );
  assert.throws(() => signValue(nobleCrypto, sign, { ...content, payload: new Uint8Array(4096) }), DecodeError);
});

test('work is found in slices, holds for its entry and expiry only, and outlives a new serial', async () => {
  const env = testEnv();
  const content = { bag: new Uint8Array(32).fill(1), writer: writer.publicKey, expiresAtMs: NOW + 10, effort: 3000 };
  const solving = solveBagWork(env, content);
  await env.runAll();
  const work = await solving;
  assert.equal(isWorkDone(nobleCrypto, { ...content, work }), true);
  const others = Array.from({ length: 20 }, (_, i) => isWorkDone(nobleCrypto, { ...content, work, expiresAtMs: NOW + 11 + i }));
  assert.ok(others.filter(Boolean).length <= 1);
  const entries = [1, 2].map((serial) =>
    signValue(nobleCrypto, sign, { kind: 'bag', ...content, work, serial, payload: new Uint8Array(1) }),
  );
  for (const value of entries) assert.equal(verifyValue(nobleCrypto, value.bytes, NOW).serial, value.serial);
});

const blob = fc.uint8Array({ maxLength: 300 });
const request: fc.Arbitrary<DhtRequest> = fc.oneof(
  fc.record({ type: fc.constant('find' as const), responders: fc.boolean(), soon: fc.boolean(), key: bytes(32) }, plain),
  fc.record({ type: fc.constantFrom('store' as const, 'keep' as const), value: blob }, plain),
  fc.record(
    {
      type: fc.constant('route' as const),
      hopsLeft: fc.nat(255),
      budgetMs: fc.nat(0xffff),
      target: bytes(32),
      known: fc.array(bytes(8), { maxLength: 16 }),
    },
    plain,
  ),
  fc.record(
    {
      type: fc.constant('fetch' as const),
      position: fc.constantFrom(0 as const, 1 as const),
      key: bytes(32),
      known: fc.array(bytes(8), { maxLength: 16 }),
    },
    plain,
  ),
);
const answer: fc.Arbitrary<DhtAnswer> = fc.oneof(
  fc.record(
    { type: fc.constant('values' as const), values: fc.array(blob, { maxLength: 32 }), nodes: fc.array(blob, { maxLength: 16 }) },
    plain,
  ),
  fc.record({ type: fc.constant('nodes' as const), nodes: fc.array(blob, { maxLength: 16 }) }, plain),
  fc.record(
    { type: fc.constant('stored' as const), kept: fc.nat(255), result: fc.nat(5).map((n) => n as KeepResult), effort: fc.nat(0xffffffff) },
    plain,
  ),
  fc.record({ type: fc.constant('error' as const), reason: fc.nat(8).map((n) => n as EndReason) }, plain),
);

test('dht requests and answers decode to what was encoded', () => {
  fc.assert(fc.property(request, (one) => assert.deepEqual(decodeDhtRequest(encodeDhtRequest(one)), one)));
  fc.assert(fc.property(answer, (one) => assert.deepEqual(decodeDhtAnswer(encodeDhtAnswer(one)), one)));
});

test('arbitrary and mutated requests, answers and values decode in one way or are refused', () => {
  const values = fc.oneof(single, entry).map((content) => signValue(nobleCrypto, () => new Uint8Array(64), content).bytes);
  const runs = { numRuns: 800 };
  fc.assert(
    fc.property(fc.oneof(blob, mutated(request.map(encodeDhtRequest))), (one) => survives(one, decodeDhtRequest, encodeDhtRequest)),
    runs,
  );
  fc.assert(
    fc.property(fc.oneof(blob, mutated(answer.map(encodeDhtAnswer))), (one) => survives(one, decodeDhtAnswer, encodeDhtAnswer)),
    runs,
  );
  const again = ({ content, signature }: ReturnType<typeof decodeValue>) => signValue(nobleCrypto, () => signature, content).bytes;
  fc.assert(
    fc.property(fc.oneof(blob, mutated(values)), (one) => survives(one, decodeValue, again)),
    runs,
  );
});
