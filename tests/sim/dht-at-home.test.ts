import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCrypto } from '../../src/adapters/node-crypto.ts';
import { identityFromSeed } from '../../src/core/crypto/index.ts';
import { GRACE_MS, REPLICAS, REPLICAS_ENOUGH } from '../../src/core/dht/index.ts';
import { encodeDhtAnswer } from '../../src/core/wire/dht.ts';
import { type DhtValue, signValue } from '../../src/core/wire/value.ts';
import { DhtNetwork, type TestStorePeer } from '../support/dht-network.ts';

const DAY_MS = 24 * 3_600_000;

function value(network: DhtNetwork, serial: number): DhtValue {
  const writer = identityFromSeed(nodeCrypto, new Uint8Array(32).fill(1));
  const content = { record: 1, writer: writer.publicKey, slot: 0, serial, expiresAtMs: network.env.now() + DAY_MS };
  const sign = (message: Uint8Array) => nodeCrypto.ed25519Sign(writer.seed, message);
  return signValue(nodeCrypto, sign, { kind: 'singleWriter', ...content, payload: new Uint8Array(100) });
}

/** Twelve that all are at home everywhere, one of which asks the others. */
async function twelve(seed: string): Promise<{ network: DhtNetwork; runner: TestStorePeer; others: TestStorePeer[] }> {
  const network = new DhtNetwork(seed);
  await network.grow(12);
  const [runner, ...others] = network.all as [TestStorePeer, ...TestStorePeer[]];
  return { network, runner, others };
}

async function found(network: DhtNetwork, runner: TestStorePeer, key: Uint8Array, soon = false): Promise<number[]> {
  network.deepestRoute = 0;
  const { values } = await network.run(runner.node.find(key, { soon }));
  return values.map(({ serial }) => serial);
}

test('a runner that is at home asks those it knows, and for no route', async () => {
  const { network, runner } = await twelve('at home');
  const stored = value(network, 1);
  await network.run(runner.node.store(stored));
  assert.deepEqual(await found(network, runner, stored.key), [1]);
  assert.equal(network.deepestRoute, 0);
});

test('where fewer than half of them have it, routes bring who else may', async () => {
  const { network, runner, others } = await twelve('half');
  const stored = value(network, 1);
  await network.run(runner.node.store(stored));
  for (const other of others.slice(0, others.length - 2)) {
    other.twist = async (request, honest) =>
      request.type === 'fetch' ? encodeDhtAnswer({ type: 'values', values: [], nodes: [] }) : honest();
  }
  assert.deepEqual(await found(network, runner, stored.key), [1]);
  assert.ok(network.deepestRoute > 0);
});

test('the newest counts, however many of them show an older one', async () => {
  const { network, runner, others } = await twelve('older');
  const [old, fresh] = [value(network, 1), value(network, 2)];
  await network.run(runner.node.store(fresh));
  for (const other of others.slice(0, REPLICAS - 1)) {
    other.twist = async (request, honest) =>
      request.type === 'fetch' ? encodeDhtAnswer({ type: 'values', values: [old.bytes], nodes: [] }) : honest();
  }
  assert.deepEqual(await found(network, runner, fresh.key), [2]);
});

test('who wants it soon waits for no more than half of them', async () => {
  const { network, runner, others } = await twelve('soon');
  const stored = value(network, 1);
  await network.run(runner.node.store(stored));
  for (const silent of others.slice(0, others.length - REPLICAS_ENOUGH - 1)) silent.twist = () => undefined;
  const startMs = network.env.now();
  assert.deepEqual(await found(network, runner, stored.key, true), [1]);
  assert.ok(network.env.now() - startMs < GRACE_MS, 'the others were not waited for');
  assert.deepEqual(await found(network, runner, stored.key), [1]);
  assert.ok(network.env.now() - startMs >= GRACE_MS, 'and are, where the newest is wanted');
});

test('fewer than half of them cannot hide the newest from who wants it soon', async () => {
  for (const seed of ['a', 'b', 'c', 'd']) {
    const { network, runner, others } = await twelve(seed);
    const [old, fresh] = [value(network, 1), value(network, 2)];
    await network.run(runner.node.store(fresh));
    for (const liar of others.slice(0, REPLICAS_ENOUGH - 1)) {
      liar.twist = async (request, honest) =>
        request.type === 'fetch' ? encodeDhtAnswer({ type: 'values', values: [old.bytes], nodes: [] }) : honest();
    }
    assert.deepEqual(await found(network, runner, fresh.key, true), [2]);
  }
});
