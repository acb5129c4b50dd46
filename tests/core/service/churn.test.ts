import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HELLO_KEYS_MS } from '../../../src/core/service/constants.ts';
import { VirtualClock } from '../../../src/sim/clock.ts';
import { testEnv } from '../../support/test-env.ts';
import { FakeNetwork } from './fake-network.ts';
import { ADDRESS, connect, NOON, newestRecord, started } from './fixture.ts';
import { utf8 } from '../../../src/core/bytes/bytes.ts';

test('a host stands at three different points before it publishes, and its record names them', async () => {
  const made = await started();
  assert.equal(made.network.published.length, 1);
  const { points } = made.host.status();
  assert.equal(new Set(points).size, 3);
  assert.deepEqual(
    newestRecord(made)
      .points.map(({ peer }) => peer)
      .sort(),
    [...points].sort(),
  );
  assert.equal(made.host.status().holders, 16);
});

test('of three points that there are a host finds all, though it draws them in one turn', async () => {
  for (const seed of ['a', 'b', 'c']) {
    const clock = new VirtualClock(NOON);
    const made = await started({ seed, network: new FakeNetwork(testEnv({ seed, clock }), 3) });
    assert.equal(new Set(made.host.status().points).size, 3);
  }
});

test('a circuit that dies at a living point is built again under the same tag, and the record stays as it is', async () => {
  const made = await started();
  const [peer] = made.host.status().points;
  for (const circuit of [...made.network.at(peer!).circuits]) circuit.close(5);
  await made.env.advance(100);
  assert.equal(made.host.status().points.length, 2);
  await made.env.advance(10_000);
  assert.equal(made.host.status().points.length, 3);
  assert.equal(made.network.published.length, 1);
  await connect(made, 'a');
});

test('a point that dies is replaced by another, and the record that follows names the new one', async () => {
  const made = await started();
  const before = newestRecord(made);
  const [dead] = made.host.status().points;
  made.network.kill(dead!);
  await made.env.advance(60_000);
  const { points } = made.host.status();
  assert.equal(points.length, 3);
  assert.ok(!points.includes(dead!));
  assert.deepEqual(
    newestRecord(made)
      .points.map(({ peer }) => peer)
      .sort(),
    [...points].sort(),
  );
  assert.deepEqual(newestRecord(made).keys, before.keys);
});

test('a circuit that died without a word is noticed: the point is asked now and then', async () => {
  const made = await started();
  const [peer] = made.host.status().points;
  // The point has forgotten the circuit, and nobody tells the host.
  const [circuit] = [...made.network.at(peer!).circuits];
  made.network.at(peer!).point.onClose(circuit!);
  circuit!.handler = undefined;
  await made.env.advance(600_000);
  assert.equal(made.host.status().points.length, 3);
  assert.equal(made.network.at(peer!).point.stats.services + Number(!made.host.status().points.includes(peer!)), 1);
  for (let i = 0; i < 4; i++) await connect(made, 'a');
});

test('a point that takes circuits in and kills them soon is left for another', async () => {
  const made = await started();
  const [bad] = made.host.status().points;
  const opened = (): number => made.network.opened.filter(({ last }) => last === bad).length;
  for (let i = 0; i < 20; i++) {
    for (const circuit of [...made.network.at(bad!).circuits]) circuit.close(5);
    await made.env.advance(5_000);
    if (!made.host.status().points.includes(bad!)) break;
  }
  assert.ok(opened() <= 3, `${opened()} circuits to a point that kills them`);
});

test('a network that is away is not hammered, and the host is back soon after it', async () => {
  const made = await started();
  for (const { peer } of made.network.points) made.network.kill(peer);
  await made.env.advance(3_600_000);
  assert.equal(made.host.status().points.length, 0);
  assert.ok(made.network.opened.length < 3 * 100, `${made.network.opened.length} circuits in an hour`);
  for (const point of made.network.points) point.alive = true;
  await made.env.advance(120_000);
  assert.equal(made.host.status().points.length, 3);
  await connect(made, 'a');
});

test('a visitor goes on to another point when one is dead', async () => {
  const made = await started();
  const [one, two] = made.host.status().points;
  made.network.kill(one!);
  made.network.kill(two!);
  for (let i = 0; i < 4; i++) await connect(made, `visit ${i}`);
});

test('a remembered record whose points have all gone is looked up anew', async () => {
  const made = await started();
  await connect(made, 'a');
  assert.equal(made.network.finds.length, 1);
  await connect(made, 'b');
  assert.equal(made.network.finds.length, 1);
  for (const peer of made.host.status().points) made.network.kill(peer);
  await made.env.advance(120_000);
  await connect(made, 'c');
  assert.equal(made.network.finds.length, 2);
  assert.deepEqual(made.network.findsSoon, [true, false], 'and thoroughly');
});

test('who is told of an older record at first, and finds nobody by it, asks again and comes in', async () => {
  const made = await started();
  made.network.oldest = [...made.network.values.values()].flatMap((slots) => [...slots.values()]);
  for (const peer of made.host.status().points) made.network.kill(peer);
  await made.env.advance(120_000);
  await connect(made, 'a');
  assert.deepEqual(made.network.findsSoon, [true, false]);
});

test('why a visit fails is told apart: malformed, unknown, unserved, timeout, cancelled', async () => {
  const made = await started();
  await assert.rejects(connect(made, 'a', 'example.com'), { kind: 'malformed' });
  await assert.rejects(connect(made, 'a', `${'a'.repeat(56)}.gnet`), { kind: 'malformed' });
  const controller = new AbortController();
  const cancelled = made.visitor.connect(ADDRESS, { messages: utf8('a'), signal: controller.signal });
  controller.abort();
  await assert.rejects(made.env.clock.runFor(cancelled), { kind: 'cancelled' });
  made.network.tamper = (payload, to) => (to === 'point' ? [] : [payload]);
  await assert.rejects(connect(made, 'a'), { kind: 'timeout' });
  made.network.tamper = (payload) => [payload];
  made.host.stop();
  await made.env.advance(1_000);
  await assert.rejects(connect(made, 'a'), { kind: 'unserved' });
  made.network.values.clear();
  made.visitor.forget();
  await assert.rejects(connect(made, 'a'), { kind: 'unknown' });
});

test('hello keys change, those of the record before still open, those before that no more', async () => {
  const made = await started();
  const old = newestRecord(made);
  await made.env.advance(HELLO_KEYS_MS);
  assert.notDeepEqual(newestRecord(made).keys, old.keys);
  await connect(made, 'with the new keys');
  // The visitor remembers no longer than the keys are answered.
  assert.ok(old.freshUntilMs <= NOON + 2 * HELLO_KEYS_MS);
});

test('a visitor with a remembered record comes in with the keys of the generation before', async () => {
  const made = await started();
  await connect(made, 'a');
  await made.env.advance(HELLO_KEYS_MS);
  await connect(made, 'b');
  assert.equal(made.network.finds.length, 1);
  await made.env.advance(HELLO_KEYS_MS);
  await connect(made, 'c');
  assert.equal(made.network.finds.length, 2);
});
