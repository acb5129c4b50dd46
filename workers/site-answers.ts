import type { SiteSource } from '../src/adapters/serve-site-port.ts';
import { base32 } from '../src/core/bytes/base32.ts';
import { GlobalNetError } from '../src/core/bytes/errors.ts';
import type { OpenSite, Peer } from '../src/core/peer/index.ts';
import { LiveService } from '../src/core/peer/live-site.ts';
import { decodeAddress, HTTP_PORT } from '../src/core/wire/address.ts';
import type { VerifiedManifest } from '../src/core/wire/manifest.ts';
import type { SiteInfo, StoredSite } from '../src/shared/peer-control.ts';

/** What a site's service worker is answered with: the reader's manifest, and chunks as it has or fetches them; or a live service. */
export function siteSource({ reader, live }: OpenSite, port: number): SiteSource {
  return {
    async manifest(have) {
      const newest = atPort(port, await unlessLive(reader.newest()));
      if (newest === 'live') return newest;
      return base32(newest.hash) === have ? undefined : newest.bytes.slice();
    },
    async *chunks(manifest, path, first, end, signal) {
      const file = await reader.file(path);
      if (base32((reader.manifest as VerifiedManifest).hash) !== manifest)
        throw new GlobalNetError('closed', 'another version of the site is being read: reload');
      for await (const bytes of file.chunks(first, end, signal as never)) yield bytes.slice();
    },
    async http(request, signal) {
      const { head, body } = await live.ask(request, signal as never, port);
      return { head, body: ownBuffers(body) };
    },
  };
}

/** An origin for each port: what is signed has one. @throws GlobalNetError `unsupported`: nothing is wrong with the address. */
function atPort<Signed>(port: number, read: Signed | 'live'): Signed | 'live' {
  if (read === 'live' || port === HTTP_PORT) return read;
  throw new GlobalNetError('unsupported', `A published site is at this address, and no web server: it opens without the port, ${port}.`);
}

async function* ownBuffers(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const part of parts) yield part.slice();
}

async function unlessLive<Value>(asked: Promise<Value>): Promise<Value | 'live'> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof LiveService) return 'live';
    throw error;
  }
}

/** Gets the manifest, and tells about it; of a live service there is nothing to tell. @throws as `Sites.read`. */
export async function readSite(peer: Peer, address: string, path: string, port: number): Promise<SiteInfo> {
  const read = atPort(port, await unlessLive(peer.sites.read(address, path)));
  if (read === 'live') return { kind: 'live', address };
  const { site, manifest } = read;
  const rivals = await peer.store.conflict(manifest.author, 'site');
  return {
    kind: 'signed',
    address: site.address,
    title: manifest.title,
    serial: manifest.serial,
    createdMs: manifest.createdMs,
    files: manifest.files.length,
    sizeBytes: sizeOf(manifest),
    fromStore: site.visit.hops.length === 0,
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
