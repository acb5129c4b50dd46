import type { Brand } from '../bytes/brand.ts';
import { CHUNK_BYTES, HASH_BYTES } from './geometry.ts';

/** What a manifest says, as values; its bytes are in manifest.ts. */

export const MANIFEST_VERSION = 1;

export const PACK_TYPES = ['site', 'post', 'comment', 'profile', 'software'] as const;
export type PackType = (typeof PACK_TYPES)[number];

export const RELATIONS = ['reply-to', 'depends-on', 'attachment', 'about'] as const;
export type Relation = (typeof RELATIONS)[number];

export interface PackReference {
  readonly relation: Relation;
  /** 32 bytes. */
  readonly author: Uint8Array;
  /** Undefined: the newest of that author. */
  readonly manifestHash: Uint8Array | undefined;
}

export interface FileEntry {
  readonly path: string;
  readonly sizeBytes: number;
  readonly mediaType: string;
  /** SHA-256 of the whole file. */
  readonly hash: Uint8Array;
  /** 32 bytes for each chunk, one behind the other; empty for a file of at most one chunk. Read it with `chunkHash`. */
  readonly chunkHashes: Uint8Array;
}

export interface Manifest {
  /** 32 bytes. */
  readonly author: Uint8Array;
  readonly type: PackType;
  readonly serial: number;
  readonly previous: Uint8Array | undefined;
  readonly title: string;
  readonly tags: readonly string[];
  readonly references: readonly PackReference[];
  readonly files: readonly FileEntry[];
  readonly infoHash: Uint8Array | undefined;
  readonly createdMs: number;
}

/** Comes from `signManifest` and `verifyManifest` only. `bytes` is the whole signed manifest, `hash` its name. */
export type VerifiedManifest = Brand<Manifest & { readonly hash: Uint8Array; readonly bytes: Uint8Array }, 'VerifiedManifest'>;

export function chunkCount(file: Pick<FileEntry, 'sizeBytes'>): number {
  return Math.ceil(file.sizeBytes / CHUNK_BYTES);
}

/** The SHA-256 of chunk `index` of the file. @throws RangeError when there is no such chunk. */
export function chunkHash(file: FileEntry, index: number): Uint8Array {
  if (!(index >= 0 && index < chunkCount(file))) throw new RangeError(`chunk ${index} of '${file.path}', which has ${chunkCount(file)}`);
  return file.chunkHashes.length === 0 ? file.hash : file.chunkHashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
}

export function chunkSizeBytes(file: Pick<FileEntry, 'sizeBytes'>, index: number): number {
  return Math.min(CHUNK_BYTES, file.sizeBytes - index * CHUNK_BYTES);
}
