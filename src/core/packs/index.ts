/**
 * Packs: signed bundles of files. The store that keeps them, the server that answers for one, the reader that checks every
 * chunk before anyone sees it, and the links that name them.
 *
 * Not here: the bytes (wire/manifest, head, site), how a site is found and reached (service, dht), who mirrors what, disks.
 */
export * from './chunk-place.ts';
export * from './constants.ts';
export * from './digest.ts';
export * from './events.ts';
export * from './file-reading.ts';
export * from './next-version.ts';
export * from './pack-link.ts';
export type { KeptPack } from './pack-records.ts';
export * from './pack-store.ts';
export * from './resolve-path.ts';
export type { OpenSiteStream } from './site-client.ts';
export * from './site-reader.ts';
export * from './site-server.ts';
export * from './stored-site.ts';
