import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCrypto } from '../../src/adapters/node-crypto.ts';
import { SimNetwork } from '../../src/sim/index.ts';
import { relayUrl, type SimPeer, simRelay, simTab } from '../../src/sim/peers.ts';
import { publish, read, until, untilReady } from '../support/sim-site.ts';

const RELAYS = 10;
const bootstraps = [relayUrl(0), relayUrl(1)];

async function relays(network: SimNetwork): Promise<SimPeer[]> {
  const all: SimPeer[] = [];
  for (let i = 0; i < RELAYS; i++) all.push(await simRelay(network, i, { bootstraps: bootstraps.slice(0, i) }));
  for (const relay of all) await untilReady(network, relay);
  return all;
}

async function client(network: SimNetwork, name: string, relaying = false): Promise<SimPeer> {
  const peer = await simTab(network, name, { bootstraps, relaying });
  await untilReady(network, peer);
  return peer;
}

test('peers: a tab reads a hidden site through three hops of its own and three of the service', async () => {
  const network = new SimNetwork({ seed: 'peers', crypto: nodeCrypto });
  await network.run(async () => {
    await relays(network);
    const page = new TextEncoder().encode('<h1>Hello</h1>');
    const host = await publish(network, await client(network, 'author'), page);
    const reader = await client(network, 'reader');
    assert.deepEqual(await read(reader, host.status.address), page);
    assert.equal(reader.peer.sites.all()[0]?.visit.hops.length, 4);
  }, 600_000);
});

test('peers: a relay dies in mid-download, and nothing that arrived is fetched again', async () => {
  const network = new SimNetwork({ seed: 'relay-dies', crypto: nodeCrypto, bytesPerSecond: 400_000 });
  await network.run(async () => {
    const all = await relays(network);
    const page = network.random(3_000_000);
    const author = await client(network, 'author');
    const host = await publish(network, author, page);
    const reader = await client(network, 'reader');
    const reading = read(reader, host.status.address);
    await until(network, () => host.server.stats.sentBytes > 1_000_000);
    const hops = reader.peer.sites.all()[0]?.visit.hops ?? [];
    const victim = all.find(({ peer }) => peer.id === hops[1]) as SimPeer;
    network.kill(victim.node);
    assert.deepEqual(await reading, page);
    const words = reader.peer.events.recent.map(({ text }) => text);
    assert.ok(words.some((text) => text.includes('went away')) && words.some((text) => text.includes('another path')), words.join('; '));
    assert.ok(host.server.stats.sentBytes < 1.5 * page.length, `${host.server.stats.sentBytes} bytes were sent for ${page.length}`);
  }, 600_000);
});

test('peers: what was read opens when everybody else is gone, and who never read it is told that nobody serves it', async () => {
  const network = new SimNetwork({ seed: 'all-gone', crypto: nodeCrypto });
  await network.run(async () => {
    const all = await relays(network);
    const author = await client(network, 'author');
    const host = await publish(network, author, network.random(200_000));
    const { address } = host.status;
    const reader = await client(network, 'reader');
    const first = await read(reader, address);
    reader.peer.sites.close(address);
    network.kill(author.node);
    const late = await client(network, 'late');
    await assert.rejects(read(late, address), { kind: 'unserved' });
    for (const { node } of all) network.kill(node);
    assert.deepEqual(await read(reader, address), first);
  }, 1_200_000);
});

test('peers: circuits of others run through a tab that relays', async () => {
  const network = new SimNetwork({ seed: 'through-tabs', crypto: nodeCrypto });
  await network.run(async () => {
    await relays(network);
    const tabs = [await client(network, 'tab-1', true), await client(network, 'tab-2', true)];
    await until(network, () => tabs.every(({ peer }) => peer.directory.own !== undefined));
    const readers = [];
    for (let i = 0; i < 4; i++) readers.push(await client(network, `reader-${i}`));
    await until(network, () => tabs.some(({ peer }) => peer.relay.stats.circuits > 0));
    assert.ok(readers.every(({ peer }) => peer.links.count > 0));
  }, 600_000);
});

test('peers: a peer that does not relay takes no circuit of others, and none that it had goes on', async () => {
  const network = new SimNetwork({ seed: 'no-relaying', crypto: nodeCrypto });
  await network.run(async () => {
    await relays(network);
    const tab = await client(network, 'tab', true);
    await until(network, () => tab.peer.directory.own !== undefined);
    await client(network, 'reader');
    await until(network, () => tab.peer.relay.stats.circuits > 0);
    await tab.peer.setRelaying(false);
    assert.equal(tab.peer.relay.stats.circuits, 0);
    assert.equal(tab.peer.directory.own, undefined);
    await until(network, () => tab.peer.relay.stats.refusedSetups > 0); // its descriptor is still known to some
    assert.equal(tab.peer.relay.stats.circuits, 0);
  }, 1_200_000);
});
