import { type Identity, newIdentity } from '../../src/core/crypto/identity.ts';
import { storedSite } from '../../src/core/packs/index.ts';
import { hostSite, type SiteHost } from '../../src/core/peer/index.ts';
import { signManifest } from '../../src/core/wire/manifest.ts';
import type { SimNetwork } from '../../src/sim/index.ts';
import type { SimPeer } from '../../src/sim/peers.ts';
import { entryOf } from '../core/packs/support.ts';

/** Lets the clock run until `condition` holds. */
export async function until(network: SimNetwork, condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => network.clock.schedule(100, resolve));
}

export async function untilReady(network: SimNetwork, { peer }: SimPeer): Promise<void> {
  await until(network, () => peer.membership.step.step === 'ready');
}

/** Publishes a site of one file from this peer; resolves when its record is held and three points wait. */
export async function publish(
  network: SimNetwork,
  { node, peer }: SimPeer,
  bytes: Uint8Array,
  identity: Identity = newIdentity(node.env),
  options: Parameters<typeof hostSite>[3] = {},
): Promise<SiteHost> {
  const { entry, chunks } = entryOf(node.env, 'index.html', bytes, 'text/html');
  const manifest = signManifest(node.env.crypto, identity, {
    type: 'site',
    serial: 1,
    previous: undefined,
    title: 'A site',
    tags: [],
    references: [],
    files: [entry],
    infoHash: undefined,
    createdMs: node.env.now(),
  });
  await peer.store.adopt(manifest);
  for (const chunk of chunks) await peer.store.keep(node.env.crypto.sha256(chunk), chunk);
  const host = hostSite(peer, identity, storedSite(peer.store, manifest), options);
  await until(network, () => host.status.publishedAtMs !== undefined && host.status.points.length === 3);
  return host;
}

/** What a reader gets of a site's front page. */
export async function read({ peer }: SimPeer, address: string): Promise<Uint8Array> {
  const { site } = await peer.sites.read(address);
  return (await site.reader.open('')).bytes();
}
