import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { base32 } from '../src/core/bytes/base32.ts';
import { equal } from '../src/core/bytes/bytes.ts';
import type { Identity } from '../src/core/crypto/identity.ts';
import type { Env } from '../src/core/env.ts';
import { type ChunkKey, chunkKey, distinctChunks } from '../src/core/packs/chunk-place.ts';
import { nextVersion } from '../src/core/packs/next-version.ts';
import type { PackStore } from '../src/core/packs/pack-store.ts';
import type { SiteContent } from '../src/core/packs/site-server.ts';
import type { RecordStore } from '../src/core/ports.ts';
import { CONTROLS } from '../src/core/wire/characters.ts';
import { CHUNK_BYTES, TITLE_MAX_BYTES } from '../src/core/wire/geometry.ts';
import type { FileEntry, VerifiedManifest } from '../src/core/wire/manifest.ts';
import { type FolderFile, type ScanOptions, scanFolder } from './folder.ts';
import { hashFile, readFully } from './hash-file.ts';
import { keptIdentity } from './kept-identity.ts';

export interface PackFolderOptions extends ScanOptions {
  readonly env: Env;
  readonly records: RecordStore;
  readonly store: PackStore;
  /** Told after each chunk. */
  readonly onProgress?: (progress: { files: number; filesDone: number; readBytes: number }) => void;
  /** A file is no longer what was published: told once a file; its chunks are answered as missing. */
  readonly onChanged?: (path: string) => void;
}

/** A folder as a site: what to serve, and who signs it. */
export interface FolderPack {
  readonly author: Identity;
  readonly manifest: VerifiedManifest;
  /** A new version was made: something differs from the last time. */
  readonly changed: boolean;
  /** What the author should be told. */
  readonly notes: readonly string[];
  readonly content: SiteContent;
}

/**
 * Makes the folder's next version, or finds that it has not changed. Chunks are served from the folder itself, not copied: 2 GB
 * are ready as soon as they are hashed, and take no room twice. Each is checked as it is read, so a file that was edited
 * meanwhile is missing, never wrong.
 * @throws GlobalNetError as `scanFolder` and `hashFile`.
 */
export async function packFolder(folder: string, options: PackFolderOptions): Promise<FolderPack> {
  const { env, records, store, onChanged = () => undefined } = options;
  const scan = await scanFolder(folder, options);
  const author = await keptIdentity(env, records, siteKeyRecord(scan.folder));
  const { entries, title } = await hashAll(scan.files, options);
  const content = { type: 'site', title, tags: [], references: [], files: entries, infoHash: undefined } as const;
  const before = (await store.latest(author.publicKey, 'site')) ?? (await store.seen(author.publicKey, 'site'));
  const { manifest, changed } = nextVersion(env, author, content, before);
  await store.adopt(manifest);
  await store.pin(manifest.hash, true);
  const sources = new FolderChunks(manifest, scan.files, onChanged);
  const site: SiteContent = { manifest, head: undefined, chunk: (hash) => sources.chunk(hash), earlier: (hash) => store.manifest(hash) };
  return { author, manifest, changed, notes: scan.notes, content: site };
}

/** Where the key of a folder's site lies, by the folder's true path: the same folder has the same address as long as it does. */
export function siteKeyRecord(folder: string): string {
  return `site/key/${base32(createHash('sha256').update(folder).digest())}`;
}

async function hashAll(
  files: readonly FolderFile[],
  { onProgress, signal }: PackFolderOptions,
): Promise<{ entries: FileEntry[]; title: string }> {
  const entries: FileEntry[] = [];
  let readBytes = 0;
  for (const file of files) {
    const onBytes = (lengthBytes: number) => {
      readBytes += lengthBytes;
      onProgress?.({ files: files.length, filesDone: entries.length, readBytes });
    };
    entries.push(await hashFile(file, onBytes, signal));
  }
  onProgress?.({ files: files.length, filesDone: entries.length, readBytes });
  const front = files.find(({ path }) => path === 'index.html');
  return { entries, title: front ? titleIn(await firstBytes(front.source)) : '' };
}

async function firstBytes(source: string): Promise<Uint8Array> {
  const file = await open(source, 'r');
  try {
    const buffer = new Uint8Array(CHUNK_BYTES);
    return buffer.subarray(0, await readFully(file, buffer, 0));
  } finally {
    await file.close();
  }
}

/** What the front page calls itself. Not the folder's name: that is nobody else's business. */
export function titleIn(html: Uint8Array): string {
  const found = /<title[^>]*>([^<]*)/i.exec(new TextDecoder().decode(html))?.[1] ?? '';
  const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
  const plain = found
    .replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => entities[name] as string)
    .replace(CONTROLS, ' ')
    .trim();
  let title = plain;
  while (Buffer.byteLength(title) > TITLE_MAX_BYTES) title = [...title].slice(0, -1).join('');
  return title;
}

/** Reads a manifest's chunks out of the files they came from. */
class FolderChunks {
  readonly #places = new Map<ChunkKey, { source: string; path: string; offset: number; sizeBytes: number }>();
  readonly #told = new Set<string>();

  constructor(
    manifest: VerifiedManifest,
    files: readonly FolderFile[],
    private readonly onChanged: (path: string) => void,
  ) {
    const sources = new Map(files.map(({ path, source }) => [path, source]));
    for (const { key, file, index, sizeBytes } of distinctChunks(manifest.files)) {
      this.#places.set(key, { source: sources.get(file.path) as string, path: file.path, offset: index * CHUNK_BYTES, sizeBytes });
    }
  }

  async chunk(hash: Uint8Array): Promise<Uint8Array | undefined> {
    const place = this.#places.get(chunkKey(hash));
    if (!place) return undefined;
    const bytes = await readAt(place.source, place.offset, place.sizeBytes);
    if (bytes && equal(createHash('sha256').update(bytes).digest(), hash)) return bytes;
    if (!this.#told.has(place.path)) this.onChanged(place.path);
    this.#told.add(place.path);
    return undefined;
  }
}

/** Undefined when the file has gone or is no longer so long. */
async function readAt(source: string, offset: number, lengthBytes: number): Promise<Uint8Array | undefined> {
  try {
    const file = await open(source, 'r');
    try {
      const buffer = new Uint8Array(lengthBytes);
      return (await readFully(file, buffer, offset)) === lengthBytes ? buffer : undefined;
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}
