import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nobleCrypto } from '../../../src/core/crypto/noble.ts';
import { hostPart } from '../../../src/core/service/host-part.ts';
import { HOST_SLOTS, REPUBLISH_MS } from '../../../src/core/service/constants.ts';
import { SERVICE_RECORD_BYTES } from '../../../src/core/wire/geometry.ts';
import { PERIOD_MS, PERIOD_OVERLAP_MS } from '../../../src/core/wire/registry.ts';
import { datedPublicKey, periodExpiresAtMs, periodOf, standingPeriods } from '../../../src/core/wire/dated-key.ts';
import type { ServicePoint } from '../../../src/core/wire/service-record.ts';
import { FakeNetwork } from './fake-network.ts';
import { connect, IDENTITY, NOON, newestRecord, started } from './fixture.ts';
import { hex } from '../../../src/core/bytes/bytes.ts';

const HOST_KEY = new Uint8Array(32).fill(5);
/** The first that a host with this key takes. */
const SLOT = hostPart(HOST_KEY, periodOf(NOON)).slots[0] as number;

test('the same bytes are stored again every hour or so, for storing peers come and go', async () => {
  const made = await started();
  await made.env.advance(1.5 * REPUBLISH_MS);
  assert.equal(made.network.published.length, 2);
  assert.deepEqual(made.network.published[0]!.payload, made.network.published[1]!.payload);
  assert.equal(made.network.published[0]!.serial, made.network.published[1]!.serial);
});

test('a record follows its points’ descriptors, all of them at once and not with each', async () => {
  const made = await started();
  for (let minute = 0; minute < 30; minute++) {
    made.network.descriptorsOf = made.env.now();
    await made.env.advance(60_000);
  }
  assert.ok(made.network.published.length >= 3 && made.network.published.length <= 5, `${made.network.published.length} records`);
  const [{ peer, descriptorHash }] = newestRecord(made).points as [ServicePoint];
  assert.notDeepEqual(descriptorHash, new FakeNetwork().hashOf(peer));
});

test('a publication that nobody takes is tried again soon', async () => {
  const made = await started();
  made.network.holders = 0;
  made.network.kill(made.host.status().points[0]!);
  await made.env.advance(60_000);
  assert.ok(made.network.published.length >= 2);
  made.network.holders = 16;
  await made.env.advance(120_000);
  const { key, slot, serial } = made.network.published.at(-1)!;
  assert.equal(made.network.values.get(key)!.get(slot)!.serial, serial);
});

test('a record that few hold is stored again soon, and then as seldom as others', async () => {
  const made = await started({ network: Object.assign(new FakeNetwork(), { holders: 3 }) });
  const { published } = made.network;
  const ofToday = () => published.filter(({ key }) => key === published[0]?.key);
  await made.env.advance(60_000);
  assert.ok(ofToday().length > 1, 'stored again');
  assert.equal(new Set(ofToday().map(({ serial }) => serial)).size, 1, 'as it was');
  made.network.holders = 16;
  await made.env.advance(120_000);
  const enough = ofToday().length;
  await made.env.advance(300_000);
  assert.equal(ofToday().length, enough);
});

test('a host whose clock was set back goes on from the serial that is out there', async () => {
  const ahead = await started({ hostKey: HOST_KEY });
  const made = await started({ network: ahead.network, seed: 'again', hostKey: HOST_KEY });
  ahead.host.stop();
  const key = made.network.published.at(-1)!.key;
  const high = made.network.published.at(-1)!.serial + 10_000;
  made.network.values.get(key)!.set(SLOT, { payload: new Uint8Array(SERVICE_RECORD_BYTES), serial: high, slot: SLOT });
  made.network.kill(made.host.status().points[0]!);
  await made.env.advance(120_000);
  assert.equal(made.network.values.get(key)!.get(SLOT)!.serial, high + 1);
  await connect(made, 'a');
});

test('near the end of a period the record stands under both keys, so that a clock two hours ahead finds it', async () => {
  const made = await started({ startMs: Date.UTC(2026, 2, 1, 18) });
  const keys = (): number => new Set(made.network.published.map(({ key }) => key)).size;
  assert.equal(keys(), 1);
  await made.env.advance(3 * 3_600_000 + PERIOD_OVERLAP_MS / 3 + 60_000);
  assert.equal(keys(), 2);
  const tomorrow = made.env.now() + PERIOD_OVERLAP_MS - 3_600_000;
  assert.equal(periodOf(tomorrow), periodOf(made.env.now()) + 1);
  assert.ok(made.network.values.has(hex(datedPublicKey(nobleCrypto, IDENTITY.publicKey, periodOf(tomorrow)))));
  // Past midnight a visitor finds it under the new key alone.
  await made.env.advance(3 * 3_600_000);
  made.visitor.forget();
  await connect(made, 'good morning');
});

test('a host that starts beside a boundary does not publish both records at one moment', async () => {
  const made = await started({ startMs: Date.UTC(2026, 2, 1, 23) });
  await made.env.advance(300_000);
  const [first, second] = made.network.published;
  assert.notEqual(first!.key, second!.key);
  assert.notEqual(first!.atMs, second!.atMs);
});

test('what a storing peer sees of one service on two days has nothing in common: key, bytes, length, expiry and slot tell nothing', async () => {
  const made = await started({ hostKey: HOST_KEY });
  await made.env.advance(PERIOD_MS);
  const keys = [...new Set(made.network.published.map(({ key }) => key))];
  assert.equal(keys.length, 2);
  const other = await started({ identity: { ...IDENTITY }, seed: 'other' });
  const days = keys.map((key) => made.network.published.filter((value) => value.key === key));
  for (const value of [...days.flat(), ...other.network.published]) {
    assert.equal(value.payload.length, SERVICE_RECORD_BYTES);
    assert.ok(value.slot < HOST_SLOTS);
  }
  // All services' records of a period end at one moment, and serials are the clock's seconds: no offset of their own.
  for (const { key, expiresAtMs, serial, atMs } of made.network.published) {
    const period = keys.indexOf(key) + periodOf(NOON);
    assert.equal(expiresAtMs, periodExpiresAtMs(period));
    assert.ok(Math.abs(serial - atMs / 1000) <= 2 * 3_600);
  }
  assert.ok(longestCommonRun(days[0]![0]!.payload, days[1]![0]!.payload) <= 4);
});

function longestCommonRun(a: Uint8Array, b: Uint8Array): number {
  const seen = new Set<string>();
  for (let i = 0; i + 5 <= a.length; i++) seen.add(a.subarray(i, i + 5).join());
  for (let i = 0; i + 5 <= b.length; i++) if (seen.has(b.subarray(i, i + 5).join())) return 5;
  return 4;
}

test('two periods stand near a boundary and one elsewhere', () => {
  assert.deepEqual(standingPeriods(10 * PERIOD_MS + PERIOD_MS / 2), [10]);
  assert.deepEqual(standingPeriods(10 * PERIOD_MS + PERIOD_OVERLAP_MS - 1), [9, 10]);
  assert.deepEqual(standingPeriods(11 * PERIOD_MS - PERIOD_OVERLAP_MS), [10, 11]);
});
