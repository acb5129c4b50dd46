import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCrypto } from '../../src/adapters/node-crypto.ts';
import { SimNetwork } from '../../src/sim/index.ts';
import { relayUrl, type SimPeer, simRelay, simTab } from '../../src/sim/peers.ts';
import { publish, read, untilReady } from '../support/sim-site.ts';

const bootstraps = [relayUrl(0), relayUrl(1)];

async function relays(network: SimNetwork): Promise<SimPeer[]> {
  const all: SimPeer[] = [];
  for (let i = 0; i < 10; i++) all.push(await simRelay(network, i, { bootstraps: bootstraps.slice(0, i) }));
  for (const relay of all) await untilReady(network, relay);
  return all;
}

async function client(network: SimNetwork, name: string): Promise<SimPeer> {
  const peer = await simTab(network, name, { bootstraps });
  await untilReady(network, peer);
  return peer;
}

test('leaks: who opens a site while no circuit is warm asks nobody by link where its rendezvous point is', async () => {
  const network = new SimNetwork({ seed: 'point-look-up', crypto: nodeCrypto });
  await network.run(async () => {
    await relays(network);
    const page = new TextEncoder().encode('quiet');
    const host = await publish(network, await client(network, 'author'), page);
    const reader = await client(network, 'reader');
    const { circuits, directory, membership } = reader.peer;
    membership.stop(); // it alone may ask by link, about points drawn at random
    circuits.keepSpares(0);
    while (circuits.spares > 0) circuits.stop();
    for (const id of host.status.points) directory.drop(id);
    const direct: string[] = [];
    const openDirect = circuits.openDirect.bind(circuits);
    circuits.openDirect = (peer, ...rest) => {
      direct.push(peer);
      return openDirect(peer, ...rest);
    };
    assert.deepEqual(await read(reader, host.status.address), page);
    assert.ok(
      host.status.points.some((id) => directory.get(id) !== undefined),
      'a point was looked up',
    );
    assert.deepEqual(direct, []);
  }, 1_200_000);
});
