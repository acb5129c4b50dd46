/** Several hosts of one address: each keeps its own part of the record. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hex } from '../../../src/core/bytes/bytes.ts';
import { HOST_SLOTS } from '../../../src/core/service/constants.ts';
import { hostPart, isAnothers, slotFor } from '../../../src/core/service/host-part.ts';
import { ServiceVisitor } from '../../../src/core/service/index.ts';
import { sealServiceRecord } from '../../../src/core/service/record-seal.ts';
import { datedSigner, periodOf } from '../../../src/core/wire/dated-key.ts';
import { PERIOD_MS } from '../../../src/core/wire/registry.ts';
import type { ServiceRecord } from '../../../src/core/wire/service-record.ts';
import { testEnv } from '../../support/test-env.ts';
import { connect, IDENTITY, NOON, started, type Scene } from './fixture.ts';

const TODAY = periodOf(NOON);
const RECORD: ServiceRecord = {
  effort: 0,
  freshUntilMs: NOON + 3_600_000,
  keys: { keyId: new Uint8Array(8), x25519: new Uint8Array(32), kem: new Uint8Array(1184) },
  points: [],
};
const key = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
/** Two hosts that want the same slot today, and another one for each of them next. */
const [ONE, OTHER] = clashing();

function clashing(): [Uint8Array, Uint8Array] {
  const [first, second] = hostPart(key(0), TODAY).slots;
  for (let byte = 1; byte < 256; byte++) {
    const { slots } = hostPart(key(byte), TODAY);
    if (slots[0] === first && slots[1] !== second) return [key(0), key(byte)];
  }
  throw new Error('no two keys clash');
}

/** What lies under today's key: slots, by the hosts that fill them. */
function lying(made: Scene): number[] {
  return [...(made.network.values.get(made.network.published[0]!.key)?.keys() ?? [])].sort((a, b) => a - b);
}

test('hosts of one address publish parts of their own, and a visitor comes to either', async () => {
  const one = await started({ hostKey: key(1) });
  const two = await started({ hostKey: key(2), network: one.network, seed: 'two' });
  assert.equal(lying(one).length, 2);
  for (let i = 0; i < 12; i++) await connect(one, 'a');
  assert.ok(one.visits.length > 0 && two.visits.length > 0);
});

test('two hosts that want one slot: the second one sees it taken, and neither record is overwritten', async () => {
  const one = await started({ hostKey: ONE });
  const two = await started({ hostKey: OTHER, network: one.network, seed: 'two' });
  assert.deepEqual(
    lying(one),
    [hostPart(ONE, TODAY).slots[0], hostPart(OTHER, TODAY).slots[1]].sort((a, b) => a! - b!),
  );
  const [first, second] = [one.network.published[0]!, one.network.published[1]!];
  assert.notEqual(first.slot, second.slot);
  one.host.stop();
  two.host.stop();
});

test('two hosts that take one slot in the same moment: one of them sees it, and takes another', async () => {
  const one = await started({ hostKey: ONE });
  const { key: dated, slot } = one.network.published[0]!;
  // As if both had looked before either had published: the other one's record is not there when it looks.
  const kept = one.network.values.get(dated)!.get(slot)!;
  one.network.values.get(dated)!.delete(slot);
  const two = await started({ hostKey: OTHER, network: one.network, seed: 'two' });
  assert.deepEqual(lying(one), [slot]);
  assert.notDeepEqual(one.network.values.get(dated)!.get(slot)!.payload, kept.payload);
  await one.env.advance(180_000);
  assert.equal(lying(one).length, 2);
  for (let i = 0; i < 12; i++) await connect(two, 'a');
  assert.ok(one.visits.length > 0 && two.visits.length > 0);
});

test('two hosts whose records in one slot have one serial: storing peers give both out, and one of the hosts takes another slot', async () => {
  const one = await started({ hostKey: ONE });
  const { key: dated, slot, serial } = one.network.published[0]!;
  const day = one.network.values.get(dated)!;
  const ours = day.get(slot)!;
  const signer = datedSigner(IDENTITY, TODAY);
  const theirs = { record: RECORD, hostPart: hostPart(OTHER, TODAY).name };
  const payload = sealServiceRecord(testEnv(), IDENTITY.publicKey, signer, { period: TODAY, serial, slot }, theirs);
  day.clear();
  day.set(-1, { payload, serial, slot }).set(slot, ours);
  await one.env.advance(180_000);
  assert.deepEqual([...new Set(one.network.published.map((value) => value.slot))], hostPart(ONE, TODAY).slots.slice(0, 2));
});

test('a host that starts anew goes on in its slot, though its part lies there', async () => {
  const first = await started({ hostKey: ONE });
  first.host.stop();
  const again = await started({ hostKey: ONE, network: first.network, seed: 'again' });
  assert.equal(lying(first).length, 1);
  await connect(again, 'a');
  assert.equal(again.visits.length, 1);
});

test('of many hosts that are gone, each costs a visitor one try: the one that is left is found', async () => {
  const scenes = [await started({ hostKey: key(1) })];
  for (let i = 2; i <= 5; i++) scenes.push(await started({ hostKey: key(i), network: scenes[0]!.network, seed: `host ${i}` }));
  for (const gone of scenes.slice(1)) gone.host.stop();
  await scenes[0]!.env.advance(1_000);
  for (let i = 0; i < 8; i++) {
    const visitor = new ServiceVisitor(scenes[0]!.network.deps(testEnv({ seed: `late ${i}`, clock: scenes[0]!.env.clock })));
    await connect({ ...scenes[0]!, visitor }, 'b');
  }
  assert.equal(scenes[0]!.visits.length, 8);
});

test('when its path dies, a visitor looks for the same host by another point first', async () => {
  const one = await started({ hostKey: key(1) });
  const two = await started({ hostKey: key(2), network: one.network, seed: 'two' });
  for (let i = 0; i < 8; i++) {
    const first = await connect(one, 'a');
    const mine = one.visits.length > 0 ? one : two;
    const isThere = (made: Scene): boolean => made.visits.some(({ sessionId }) => hex(sessionId) === hex(first.sessionId));
    const host = isThere(one) ? one : two;
    assert.ok(isThere(mine) || isThere(host));
    const before = host.visits.length;
    const again = one.visitor.connect(host.host.status().address, {
      sessionId: first.sessionId,
      resumes: true,
      messages: new Uint8Array(0),
      avoid: first.point,
    });
    await one.env.clock.runFor(again, 60_000);
    // Two hosts may share a point; the visitor cannot tell whose it was then.
    if (!(host === one ? two : one).host.status().points.includes(first.point)) assert.equal(host.visits.length, before + 1);
  }
});

test('a part’s name and slot are drawn anew for each period', async () => {
  const days = Array.from({ length: 20 }, (_, i) => hostPart(ONE, TODAY + i));
  assert.equal(new Set(days.map(({ name }) => hex(name))).size, 20);
  assert.ok(new Set(days.map(({ slots }) => slots[0])).size > 5);
  for (const { slots } of days)
    assert.deepEqual(
      [...slots].sort((a, b) => a - b),
      Array.from({ length: HOST_SLOTS }, (_, i) => i),
    );
  const made = await started({ hostKey: ONE });
  await made.env.advance(PERIOD_MS);
  const slots = new Map(made.network.published.map(({ key: dated, slot }) => [dated, slot]));
  assert.deepEqual([...slots.values()], [days[0]!.slots[0], days[1]!.slots[0]]);
});

test('when all slots are held, the oldest part gives way; what nobody can read holds none', () => {
  const part = hostPart(ONE, TODAY);
  const others = Array.from({ length: HOST_SLOTS }, (_, slot) => ({ name: key(slot).subarray(16), slot, serial: 100 + ((slot * 7) % 16) }));
  const oldest = others.find(({ serial }) => serial === 100)!.slot;
  assert.equal(slotFor(part, others), oldest);
  assert.equal(
    slotFor(
      part,
      others.map((other) => (other.slot === 3 ? { ...other, name: undefined } : other)),
    ),
    3,
  );
  assert.equal(slotFor(part, [...others.slice(1), { name: part.name, slot: 0, serial: 1 }]), 0);
  assert.equal(isAnothers({ name: part.name, slot: 0, serial: 1 }, part), false);
});
