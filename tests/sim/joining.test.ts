import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCrypto } from '../../src/adapters/node-crypto.ts';
import { SimNetwork } from '../../src/sim/index.ts';
import { relayUrl, type SimPeer, simRelay, simTab } from '../../src/sim/peers.ts';
import { until, untilReady } from '../support/sim-site.ts';

const bootstraps = [relayUrl(0), relayUrl(1)];

async function relays(network: SimNetwork, maxLinks?: (index: number) => number | undefined): Promise<SimPeer[]> {
  const all: SimPeer[] = [];
  for (let i = 0; i < 10; i++) {
    const room = maxLinks?.(i);
    all.push(await simRelay(network, i, { bootstraps: bootstraps.slice(0, i), ...(room === undefined ? {} : { maxLinks: room }) }));
  }
  for (const relay of all) await untilReady(network, relay);
  return all;
}

const pass = (network: SimNetwork, ms: number): Promise<void> => new Promise((resolve) => void network.clock.schedule(ms, resolve));

test('joining: one bootstrap of two is not believed alone; the second one, or a peer met before, is waited for', async () => {
  const network = new SimNetwork({ seed: 'one-bootstrap', crypto: nodeCrypto });
  await network.run(async () => {
    const all = await relays(network);
    network.kill(all[0]!.node);
    const tab = await simTab(network, 'tab', { bootstraps });
    await pass(network, 60_000);
    assert.equal(tab.peer.membership.step.step, 'failed');
    assert.equal(tab.peer.circuits.spares, 0);
    const known = await simTab(network, 'known', { bootstraps: [relayUrl(1), relayUrl(2)] });
    await untilReady(network, known);
  }, 600_000);
});

test('joining: a peer that has joined finds the others again when all bootstraps are gone', async () => {
  const network = new SimNetwork({ seed: 'bootstraps-gone', crypto: nodeCrypto });
  await network.run(async () => {
    const all = await relays(network);
    const tab = await simTab(network, 'tab', { bootstraps });
    await untilReady(network, tab);
    await until(network, () => tab.peer.circuits.spares === 3);
    network.kill(all[0]!.node);
    network.kill(all[1]!.node);
    tab.peer.links.closeAll();
    await pass(network, 5_000);
    await until(network, () => tab.peer.links.count > 0 && tab.peer.circuits.spares > 0);
  }, 900_000);
});

test('joining: who only reads links to bootstraps and guards, and to more when it begins to relay', async () => {
  const network = new SimNetwork({ seed: 'only-reads', crypto: nodeCrypto });
  await network.run(async () => {
    const all = await relays(network);
    const tab = await simTab(network, 'tab', { bootstraps });
    await untilReady(network, tab);
    await pass(network, 60_000);
    const needless = tab.peer.status().links.filter(({ peer, guard }) => !guard && peer !== all[0]!.peer.id && peer !== all[1]!.peer.id);
    assert.deepEqual(needless, []);
    await tab.peer.setRelaying(true);
    await until(network, () => (tab.peer.directory.own?.links.length ?? 0) > 1);
  }, 600_000);
});

test('joining: relays that have no room are not dialled again and again', async () => {
  const network = new SimNetwork({ seed: 'no-room', crypto: nodeCrypto });
  await network.run(async () => {
    const all = await relays(network);
    const tab = await simTab(network, 'tab', { bootstraps });
    await untilReady(network, tab);
    let dials = 0;
    for (const { node, peer } of all) {
      node.onTransport = (transport) => {
        dials++;
        peer.adopt(transport);
      };
    }
    const closing = (): void => {
      for (const { peer } of all) peer.links.get(tab.peer.id)?.close(4);
      network.clock.schedule(50, closing);
    };
    closing();
    await pass(network, 60_000);
    assert.ok(dials <= 300, `${dials} dials in a minute`);
  }, 600_000);
});

test('joining: a pool that was just large enough for a first circuit grows, so that the death of one of its relays ends nothing', async () => {
  const network = new SimNetwork({ seed: 'small-pool', crypto: nodeCrypto });
  await network.run(async () => {
    const all = await relays(network);
    const tabs = [];
    for (let i = 0; i < 6; i++) tabs.push(await simTab(network, `tab-${i}`, { bootstraps }));
    for (const tab of tabs) await untilReady(network, tab);
    await pass(network, 120_000);
    for (const { peer } of tabs) {
      const vouched = [...peer.directory.relays()].length;
      assert.ok(vouched >= all.length - 1, `${vouched} of ${all.length} relays are vouched for`);
    }
  }, 600_000);
});
