import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCrypto } from '../../src/adapters/node-crypto.ts';
import { newIdentity } from '../../src/core/crypto/identity.ts';
import type { Descriptor } from '../../src/core/wire/descriptor.ts';
import { encodeDirectoryRequest, signForget } from '../../src/core/wire/directory.ts';
import { SimNetwork } from '../../src/sim/index.ts';
import { relayUrl, type SimPeer, simRelay, simTab } from '../../src/sim/peers.ts';
import { until, untilReady } from '../support/sim-site.ts';

const bootstraps = [relayUrl(0), relayUrl(1)];
const RELAYS = 10;

const pass = (network: SimNetwork, ms: number): Promise<void> => new Promise((resolve) => void network.clock.schedule(ms, resolve));

async function relays(network: SimNetwork): Promise<SimPeer[]> {
  const all: SimPeer[] = [];
  for (let i = 0; i < RELAYS; i++) all.push(await simRelay(network, i, { bootstraps: bootstraps.slice(0, i) }));
  for (const relay of all) await untilReady(network, relay);
  return all;
}

/** A tab that relays and has been heard of by everybody it publishes to. */
async function relayingTab(network: SimNetwork, name: string, all: readonly SimPeer[]): Promise<SimPeer> {
  const tab = await simTab(network, name, { bootstraps, relaying: true });
  await untilReady(network, tab);
  await until(network, () => knowing(all, tab) >= 6);
  return tab;
}

function knowing(all: readonly SimPeer[], { peer }: SimPeer): number {
  return all.filter((relay) => relay.peer.directory.get(peer.id) !== undefined).length;
}

test('leaving: a tab that is closed is vouched for by nobody any more, though it had no time to ask anything', async () => {
  const network = new SimNetwork({ seed: 'closed-tab', crypto: nodeCrypto });
  await network.run(async () => {
    const all = await relays(network);
    const tab = await relayingTab(network, 'tab', all);
    await pass(network, 5_000); // what it told of itself has come everywhere: nothing of that is on its way any more
    void tab.peer.stop();
    network.kill(tab.node); // in the same turn: nothing it has not sent by now leaves
    await pass(network, 2_000);
    // One that learned of it from another may still: a hop needs two who agree.
    assert.ok(knowing(all, tab) <= 1, `${knowing(all, tab)} still know it`);
  }, 600_000);
});

test('leaving: a withdrawal in another’s name, or with another’s signature, drops nobody; the first ends the link', async () => {
  const network = new SimNetwork({ seed: 'forged-withdrawal', crypto: nodeCrypto });
  await network.run(async () => {
    const all = await relays(network);
    const tab = await relayingTab(network, 'tab', all);
    const liar = await relayingTab(network, 'liar', all);
    const before = knowing(all, tab);
    const { env } = liar.node;
    const { epoch } = tab.peer.directory.own as Descriptor;
    const forged = signForget(env.crypto, newIdentity(env), epoch);
    for (const link of liar.peer.links.all()) link.sendWithdrawal(encodeDirectoryRequest({ ...forged, id: liar.peer.id }));
    await pass(network, 2_000);
    assert.ok(knowing(all, liar) >= 6, 'a signature that is not its own has dropped it');
    const links = liar.peer.links.all();
    for (const link of links) link.sendWithdrawal(encodeDirectoryRequest({ ...forged, id: tab.peer.id }));
    await pass(network, 2_000);
    assert.equal(knowing(all, tab), before);
    assert.ok(
      links.every(({ open }) => !open),
      'a link over which another was withdrawn still stands',
    );
  }, 600_000);
});

test('leaving: those who were linked to a tab that vanished tell of it no longer', async () => {
  const network = new SimNetwork({ seed: 'vanished-tab', crypto: nodeCrypto });
  await network.run(async () => {
    const all = await relays(network);
    const tab = await relayingTab(network, 'tab', all);
    const linked = all.filter(({ peer }) => peer.links.get(tab.peer.id) !== undefined);
    assert.ok(linked.length > 0);
    network.kill(tab.node);
    await until(network, () => linked.every(({ peer }) => peer.links.get(tab.peer.id) === undefined));
    await pass(network, 11_000);
    assert.equal(knowing(linked, tab), 0);
  }, 600_000);
});

test('leaving: a newcomer finds a path where most of those it hears of are tabs that were closed', async () => {
  const network = new SimNetwork({ seed: 'ghosts', crypto: nodeCrypto });
  await network.run(async () => {
    const all = await relays(network);
    const tabs: SimPeer[] = [];
    for (let i = 0; i < 12; i++) tabs.push(await relayingTab(network, `tab-${i}`, all));
    // Whoever tells of them has not heard that they are gone.
    const told = tabs.map(({ peer }) => peer.directory.own?.bytes as Uint8Array);
    for (const tab of tabs) network.kill(tab.node);
    await pass(network, 30_000);
    for (const { peer } of all) for (const bytes of told) peer.directory.add(bytes);
    for (let i = 0; i < 3; i++) {
      const newcomer = await simTab(network, `newcomer-${i}`, { bootstraps });
      const since = network.clock.now();
      await untilReady(network, newcomer);
      const ghosts = [...newcomer.peer.directory.relays()].filter(({ descriptor }) => tabs.some(({ peer }) => peer.id === descriptor.id));
      assert.ok(ghosts.length > 5, `${ghosts.length} closed tabs were heard of`);
      assert.ok(network.clock.now() - since < 30_000, `joined after ${network.clock.now() - since} virtual ms`);
    }
  }, 1_200_000);
});
