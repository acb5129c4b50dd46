import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCrypto } from '../../src/adapters/node-crypto.ts';
import { newIdentity } from '../../src/core/crypto/identity.ts';
import { storedSite } from '../../src/core/packs/index.ts';
import { signManifest } from '../../src/core/wire/manifest.ts';
import { SimNetwork } from '../../src/sim/index.ts';
import { relayUrl, simRelay, simTab, type SimPeer } from '../../src/sim/peers.ts';

async function ready(network: SimNetwork, { peer }: SimPeer): Promise<void> {
  const isReady = (): boolean => peer.membership.step.step === 'ready';
  while (!isReady()) await new Promise<void>((resolve) => network.clock.schedule(100, resolve));
}

test('peers: a tab reads a hidden site through three hops of its own and three of the service', async () => {
  const network = new SimNetwork({ seed: 'peers', crypto: nodeCrypto });
  await network.run(async () => {
    const bootstraps = [relayUrl(0), relayUrl(1)];
    const relays = [await simRelay(network, 0), await simRelay(network, 1, { bootstraps: [relayUrl(0)] })];
    for (let i = 2; i < 10; i++) relays.push(await simRelay(network, i, { bootstraps }));
    for (const relay of relays) await ready(network, relay);
    const author = await simTab(network, 'author', { bootstraps });
    await ready(network, author);
    const identity = newIdentity(author.node.env);
    const page = new TextEncoder().encode('<h1>Hello</h1>');
    const hash = nodeCrypto.sha256(page);
    const manifest = signManifest(nodeCrypto, identity, {
      type: 'site',
      serial: 1,
      previous: undefined,
      title: 'Hello',
      tags: [],
      references: [],
      infoHash: undefined,
      createdMs: author.node.env.now(),
      files: [{ path: 'index.html', sizeBytes: page.length, mediaType: 'text/html', hash, chunkHashes: new Uint8Array() }],
    });
    await author.peer.store.adopt(manifest);
    await author.peer.store.keep(hash, page);
    const host = author.peer.hostSite(identity, storedSite(author.peer.store, manifest));
    while (host.status.publishedAtMs === undefined || host.status.points.length < 3)
      await new Promise<void>((resolve) => network.clock.schedule(100, resolve));

    const reader = await simTab(network, 'reader', { bootstraps });
    await ready(network, reader);
    const site = reader.peer.sites.open(host.status.address);
    const read = await (await site.reader.open('')).bytes();
    assert.deepEqual(read, page);
    assert.equal(site.visit.hops.length, 4);
    for (const one of [reader, author, ...relays]) await one.peer.stop();
  }, 600_000);
});
