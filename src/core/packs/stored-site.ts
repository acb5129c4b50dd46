import type { VerifiedManifest } from '../wire/manifest.ts';
import { chunkKey, distinctChunks } from './chunk-place.ts';
import type { PackStore } from './pack-store.ts';
import type { SiteContent } from './site-server.ts';

/** A pack from the store as a server's content: what a mirror serves. Chunks of other packs are not given, or anyone could ask what else is here. */
export function storedSite(store: PackStore, manifest: VerifiedManifest, head?: Uint8Array): SiteContent {
  const own = new Set([...distinctChunks(manifest.files)].map((place) => place.key));
  return {
    manifest,
    head,
    chunk: async (hash) => (own.has(chunkKey(hash)) ? await store.chunk(hash) : undefined),
    earlier: (hash) => store.manifest(hash),
  };
}
