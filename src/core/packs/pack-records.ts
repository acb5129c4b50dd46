import { decode, encode } from 'cborg';
import { base32 } from '../bytes/base32.ts';
import type { Env } from '../env.ts';
import type { RecordStore } from '../ports.ts';
import { type PackType, type VerifiedManifest, verifyManifest } from '../wire/manifest.ts';

/** What is remembered of a pack beside its manifest. */
export interface KeptPack {
  readonly manifestHash: Uint8Array;
  readonly author: Uint8Array;
  readonly type: PackType;
  readonly serial: number;
  readonly title: string;
  readonly sizeBytes: number;
  /** Pinned packs are never evicted: what this peer publishes, and what its user asked to keep. */
  readonly pinned: boolean;
  readonly usedMs: number;
  /** How often it was asked for, old times counting less. */
  readonly score: number;
}

/** The newest version ever seen; outlives the pack, so that an evicted site cannot be rolled back. */
export interface SeenVersion {
  readonly serial: number;
  readonly hash: Uint8Array;
  /** Hashes of other manifests with that serial. */
  readonly rivals: Uint8Array[];
}

const KEPT = 'pack/kept/';

/** The small records of a `PackStore`, by name; CBOR, read by this peer alone. */
export class PackRecords {
  constructor(
    private readonly env: Pick<Env, 'crypto'>,
    private readonly records: RecordStore,
  ) {}

  kept(manifestHash: Uint8Array): Promise<KeptPack | undefined> {
    return this.#get<KeptPack>(KEPT + base32(manifestHash));
  }

  setKept(kept: KeptPack): Promise<void> {
    return this.records.set(KEPT + base32(kept.manifestHash), encode(kept));
  }

  deleteKept(manifestHash: Uint8Array): Promise<void> {
    return this.records.delete(KEPT + base32(manifestHash));
  }

  async allKept(): Promise<KeptPack[]> {
    const keys = await this.records.keys(KEPT);
    const packs = await Promise.all(keys.map((key) => this.#get<KeptPack>(key)));
    return packs.filter((kept) => kept !== undefined);
  }

  seen(author: Uint8Array, type: PackType): Promise<SeenVersion | undefined> {
    return this.#get<SeenVersion>(seenKey(author, type));
  }

  setSeen(author: Uint8Array, type: PackType, seen: SeenVersion): Promise<void> {
    return this.records.set(seenKey(author, type), encode(seen));
  }

  deleteSeen(author: Uint8Array, type: PackType): Promise<void> {
    return this.records.delete(seenKey(author, type));
  }

  /** Undefined when it is not here, 'damaged' when it no longer verifies. */
  async manifest(hash: Uint8Array): Promise<VerifiedManifest | 'damaged' | undefined> {
    const bytes = await this.records.get(manifestKey(hash));
    if (!bytes) return undefined;
    try {
      return verifyManifest(this.env.crypto, bytes, { hash });
    } catch {
      return 'damaged';
    }
  }

  setManifest(manifest: VerifiedManifest): Promise<void> {
    return this.records.set(manifestKey(manifest.hash), manifest.bytes);
  }

  deleteManifest(hash: Uint8Array): Promise<void> {
    return this.records.delete(manifestKey(hash));
  }

  /** Damage on the disk is as if the record were not there. */
  async #get<T>(key: string): Promise<T | undefined> {
    const bytes = await this.records.get(key);
    try {
      return bytes && (decode(bytes) as T);
    } catch {
      return undefined;
    }
  }
}

function manifestKey(hash: Uint8Array): string {
  return `pack/manifest/${base32(hash)}`;
}

function seenKey(author: Uint8Array, type: PackType): string {
  return `pack/seen/${base32(author)}/${type}`;
}
