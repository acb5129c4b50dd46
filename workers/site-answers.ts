import type { SiteSource } from '../src/adapters/serve-site-port.ts';
import { base32 } from '../src/core/bytes/base32.ts';
import { GlobalNetError } from '../src/core/bytes/errors.ts';
import type { OpenSite, Peer } from '../src/core/peer/index.ts';
import { decodeAddress } from '../src/core/wire/address.ts';
import type { VerifiedManifest } from '../src/core/wire/manifest.ts';
import type { SiteInfo, StoredSite } from '../src/shared/peer-control.ts';

/** What a site's service worker is answered with: the reader's manifest, and chunks as it has or fetches them. */
export function siteSource({ reader }: OpenSite): SiteSource {
  return {
    async manifest(have) {
      const { hash, bytes } = await reader.newest();
      return base32(hash) === have ? undefined : bytes.slice();
    },
    async *chunks(manifest, path, first, end, signal) {
      const file = await reader.file(path);
      if (base32((reader.manifest as VerifiedManifest).hash) !== manifest)
        throw new GlobalNetError('closed', 'another version of the site is being read: reload');
      for await (const bytes of file.chunks(first, end, signal as never)) yield bytes.slice();
    },
  };
}

export async function siteInfo(peer: Peer, { address, visit }: OpenSite, manifest: VerifiedManifest): Promise<SiteInfo> {
  const rivals = await peer.store.conflict(manifest.author, 'site');
  return {
    address,
    title: manifest.title,
    serial: manifest.serial,
    createdMs: manifest.createdMs,
    files: manifest.files.length,
    sizeBytes: sizeOf(manifest),
    fromStore: visit.hops.length === 0,
    conflict: rivals.length > 0,
  };
}

export async function storedSites(peer: Peer): Promise<StoredSite[]> {
  const sites = await peer.sites.stored();
  return Promise.all(
    sites.map(async (site) => {
      const manifest = await peer.store.latest(decodeAddress(site.address), 'site');
      const missing = manifest === undefined ? [] : await peer.store.missing(manifest);
      return { ...site, storedBytes: site.sizeBytes - missing.reduce((sum, place) => sum + place.sizeBytes, 0) };
    }),
  );
}

function sizeOf(manifest: VerifiedManifest): number {
  return manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0);
}
