import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryRecords } from '../../../src/adapters/memory-store.ts';
import { type Identity, identityFromSeed, nobleCrypto } from '../../../src/core/crypto/index.ts';
import {
  BAG_ENTRIES_MAX,
  conflicts,
  newest,
  SLOTS_MAX,
  VALUE_LIFE_MAX_MS,
  ValueStore,
  valuePosition,
} from '../../../src/core/dht/index.ts';
import { CLOCK_SKEW_MS, KEEP } from '../../../src/core/wire/registry.ts';
import { type DhtValue, isWorkDone, signValue } from '../../../src/core/wire/value.ts';
import { seededRandom } from '../../../src/sim/random.ts';
import { testEnv } from '../../support/test-env.ts';

const random = seededRandom('values');
const newWriter = () => identityFromSeed(nobleCrypto, random(32));
const writer = newWriter();

function single(
  env: { now(): number },
  changes: { by?: Identity; slot?: number; serial?: number; lifeMs?: number; text?: number; sizeBytes?: number } = {},
): DhtValue {
  const { by = writer, slot = 0, serial = 1, lifeMs = 3_600_000, text = 0, sizeBytes = 8 } = changes;
  const payload = new Uint8Array(sizeBytes).fill(text);
  return signValue(nobleCrypto, (message) => nobleCrypto.ed25519Sign(by.seed, message), {
    kind: 'singleWriter',
    record: 1,
    writer: by.publicKey,
    slot,
    serial,
    expiresAtMs: env.now() + lifeMs,
    payload,
  });
}

function entry(env: { now(): number }, effort: number, by = newWriter(), serial = 1): DhtValue {
  const content = {
    kind: 'bag' as const,
    bag: new Uint8Array(32),
    writer: by.publicKey,
    serial,
    expiresAtMs: env.now() + 3_600_000,
    effort,
    payload: new Uint8Array(4),
  };
  let work = random(8);
  while (!isWorkDone(nobleCrypto, { ...content, work })) work = random(8);
  return signValue(nobleCrypto, (message) => nobleCrypto.ed25519Sign(by.seed, message), { ...content, work });
}

test('the highest serial of a slot wins, whatever the order of coming', () => {
  const env = testEnv();
  const store = new ValueStore(env, () => undefined);
  const [old, mid, latest] = [1, 2, 3].map((serial) => single(env, { serial })) as [DhtValue, DhtValue, DhtValue];
  assert.equal(store.keep(mid).result, KEEP.kept);
  assert.equal(store.keep(old).result, KEEP.stale);
  assert.equal(store.keep(latest).result, KEEP.kept);
  assert.equal(store.keep(latest).result, KEEP.kept, 'again is kept, too');
  assert.deepEqual(store.get(mid.key), [latest]);
  assert.equal(store.usedBytes, latest.bytes.length);
});

test('hosts of one address keep to slots of their own, up to a limit', () => {
  const env = testEnv();
  const store = new ValueStore(env, () => undefined);
  for (let slot = 0; slot < SLOTS_MAX; slot++) assert.equal(store.keep(single(env, { slot })).result, KEEP.kept);
  assert.equal(store.keep(single(env, { slot: 99 })).result, KEEP.full);
  assert.equal(store.keep(single(env, { slot: 3, serial: 2 })).result, KEEP.kept);
  assert.equal(store.get(single(env).key).length, SLOTS_MAX);
});

test('two contents of one serial are both kept, the same two everywhere, and a third is not; a higher serial ends it', () => {
  const env = testEnv();
  const rivals = [1, 2, 3].map((text) => single(env, { text }));
  const held = [
    [0, 1, 2],
    [2, 1, 0],
    [1, 2, 0],
  ].map((order) => {
    const store = new ValueStore(env, () => undefined);
    for (const index of order) store.keep(rivals[index] as DhtValue);
    return store.get((rivals[0] as DhtValue).key);
  });
  assert.equal(held[0]?.length, 2);
  assert.deepEqual(held[1], held[0]);
  assert.deepEqual(held[2], held[0]);
  assert.deepEqual(conflicts(newest(rivals)), held[0]);
  assert.deepEqual(
    newest([...rivals, single(env, { serial: 2 })]).map(({ serial }) => serial),
    [2],
  );
  assert.deepEqual(conflicts([single(env), single(env, { slot: 1 })]), [], 'slots are no conflict');
});

test('what has expired is not given out, and what would outlive the limit is not taken', async () => {
  const env = testEnv();
  const store = new ValueStore(env, () => undefined);
  const value = single(env, { lifeMs: 1000 });
  store.keep(value);
  assert.equal(store.keep(single(env, { slot: 1, lifeMs: VALUE_LIFE_MAX_MS + CLOCK_SKEW_MS + 1 })).result, KEEP.refused);
  await env.advance(1000);
  assert.deepEqual(store.get(value.key), []);
  assert.equal(store.keep(value).result, KEEP.refused);
  store.prune();
  assert.equal(store.usedBytes, 0);
  assert.equal(store.keys, 0);
});

test('a bag wants work, answers ten at random, and when full takes only entries that worked more than its cheapest', () => {
  const env = testEnv();
  const store = new ValueStore(env, () => undefined, { bagEffortMin: 4 });
  const first = entry(env, 4);
  assert.deepEqual(store.keep(entry(env, 3)), { result: KEEP.work, effort: 4 });
  assert.equal(store.keep(first).result, KEEP.kept);
  for (let i = 1; i < BAG_ENTRIES_MAX; i++) assert.equal(store.keep(entry(env, 6)).result, KEEP.kept);
  assert.deepEqual(store.keep(entry(env, 4)), { result: KEEP.work, effort: 5 });
  assert.equal(store.keep(entry(env, 5)).result, KEEP.kept);
  const seen = new Set<DhtValue>();
  for (let i = 0; i < 200; i++) {
    const some = store.get(first.key);
    assert.equal(some.length, 10);
    for (const one of some) seen.add(one);
  }
  assert.equal(seen.size, BAG_ENTRIES_MAX);
  assert.ok(!seen.has(first), 'the cheapest made room');
});

test('an entry replaces the older one of its own key only', () => {
  const env = testEnv();
  const store = new ValueStore(env, () => undefined, { bagEffortMin: 1 });
  const by = newWriter();
  store.keep(entry(env, 1, by, 1));
  store.keep(entry(env, 1));
  store.keep(entry(env, 1, by, 2));
  assert.deepEqual(
    store
      .get(entry(env, 1).key)
      .map(({ serial }) => serial)
      .sort(),
    [1, 2],
  );
});

test('past its capacity a store drops the keys farthest from its place', () => {
  const env = testEnv();
  const own = random(32);
  const store = new ValueStore(env, () => own, { capacityBytes: 40_000 });
  const values = Array.from({ length: 60 }, () => single(env, { by: newWriter(), sizeBytes: 1000 }));
  for (const value of values) store.keep(value);
  assert.ok(store.usedBytes <= 40_000);
  const distance = (value: DhtValue) =>
    Math.min(...([0, 1] as const).map((position) => (valuePosition(nobleCrypto, value.key, position)[0] as number) ^ (own[0] as number)));
  const byDistance = [...values].sort((a, b) => distance(a) - distance(b));
  assert.equal(store.get((byDistance[0] as DhtValue).key).length, 1);
  assert.equal(store.get((byDistance.at(-1) as DhtValue).key).length, 0);
});

test('values outlive a restart; expired and damaged ones are cleared away', async () => {
  const env = testEnv();
  const records = new MemoryRecords();
  const store = new ValueStore(env, () => undefined, { records });
  const [kept, replaced, short] = [single(env, { serial: 2 }), single(env, { serial: 1 }), single(env, { slot: 1, lifeMs: 1000 })];
  for (const value of [replaced, kept, short]) store.keep(value);
  await env.advance(2000);
  await records.set('dht/junk', new Uint8Array(9));
  const next = new ValueStore(env, () => undefined, { records });
  await next.load();
  assert.deepEqual(next.get(kept.key), [kept]);
  await env.advance(0);
  assert.equal((await records.keys('')).length, 1);
});
