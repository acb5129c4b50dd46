import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCrypto } from '../../src/adapters/node-crypto.ts';
import { sleep } from '../../src/core/env.ts';
import { SimNetwork } from '../../src/sim/index.ts';
import { relayUrl, type SimPeer, simRelay, simTab } from '../../src/sim/peers.ts';
import { publish, read, untilReady } from '../support/sim-site.ts';

const RELAYS = 40;
const TABS = 160;
const SITES = 4;
const READERS = 12;

test('200 peers start, publish and fetch, while relays die and tabs come and go', async () => {
  const network = new SimNetwork({ seed: 'many', crypto: nodeCrypto });
  await network.run(async () => {
    const bootstraps = [relayUrl(0), relayUrl(1), relayUrl(2)];
    const relays: SimPeer[] = [];
    for (let i = 0; i < RELAYS; i++) relays.push(await simRelay(network, i, { bootstraps: bootstraps.slice(0, i) }));
    for (const relay of relays) await untilReady(network, relay);
    await sleep(network.clock, 60_000); // a network that is a minute old: its store peers have met
    const tabs = await Promise.all(
      Array.from({ length: TABS }, (_, i) => simTab(network, `tab-${i}`, { bootstraps, relaying: i % 2 === 0 })),
    );
    for (const tab of tabs) await untilReady(network, tab);
    assert.equal(network.alive.length, RELAYS + TABS);

    const sites = await Promise.all(
      tabs.slice(0, SITES).map(async (tab) => {
        const page = network.random(150_000);
        return { page, address: (await publish(network, tab, page)).status.address };
      }),
    );
    // A relay every ten seconds or so, never a bootstrap; and as often a tab that nobody reads by.
    const stop = [
      network.everyAbout(10_000, () => {
        const victim = network.pick(relays.slice(3).filter(({ node }) => node.alive));
        if (victim !== undefined && network.alive.length > 180) network.kill(victim.node);
      }),
      network.everyAbout(10_000, () => {
        const victim = network.pick(tabs.slice(SITES + READERS).filter(({ node }) => node.alive));
        if (victim !== undefined) network.kill(victim.node);
      }),
    ];
    const readers = tabs.slice(SITES, SITES + READERS);
    const pages = await Promise.all(
      readers.map(async (reader, i) => {
        await sleep(network.clock, 1000 * i); // over the time in which others die
        return read(reader, (sites[i % SITES] as { address: string }).address);
      }),
    );
    for (const cancel of stop) cancel();
    pages.forEach((page, i) => assert.deepEqual(page, sites[i % SITES]?.page));
    const relayed = tabs.filter(({ peer }) => peer.relay.stats.relayedCells > 0).length;
    assert.ok(relayed > 0, 'no cell has passed through a tab');
  }, 3_600_000);
});
