import type { Brand } from '../bytes/brand.ts';
import { chunkCount, chunkHash, chunkSizeBytes, type FileEntry } from '../wire/manifest.ts';

/** A chunk's hash as a map key: 32 characters of one byte each, four times as fast to make as base32. Never shown. */
export type ChunkKey = Brand<string, 'ChunkKey'>;

/** Where a chunk stands in a pack. */
export interface ChunkPlace {
  readonly key: ChunkKey;
  readonly hash: Uint8Array;
  readonly file: FileEntry;
  readonly index: number;
  readonly sizeBytes: number;
}

export function chunkKey(hash: Uint8Array): ChunkKey {
  return String.fromCharCode(...hash) as ChunkKey;
}

export function chunkPlace(file: FileEntry, index: number): ChunkPlace {
  const hash = chunkHash(file, index);
  return { key: chunkKey(hash), hash, file, index, sizeBytes: chunkSizeBytes(file, index) };
}

/** Every distinct chunk of the files, at the first place where it stands. */
export function* distinctChunks(files: Iterable<FileEntry>): Generator<ChunkPlace> {
  const seen = new Set<ChunkKey>();
  for (const file of files) {
    for (let index = 0; index < chunkCount(file); index++) {
      const place = chunkPlace(file, index);
      if (seen.has(place.key)) continue;
      seen.add(place.key);
      yield place;
    }
  }
}
