import { base32 } from '../bytes/base32.ts';
import { equal } from '../bytes/bytes.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import type { Env } from '../env.ts';
import type { ChunkStore, RecordStore } from '../ports.ts';
import type { PackType, VerifiedManifest } from '../wire/manifest.ts';
import { type ChunkPlace, distinctChunks } from './chunk-place.ts';
import { type Digest, digestOf } from './digest.ts';
import type { PackWarning } from './events.ts';
import { type KeptPack, PackRecords } from './pack-records.ts';
import { leastUsed, PacksInUse, usedOnce } from './pack-use.ts';
import { SeenVersions } from './seen-versions.ts';

export interface PackStoreOptions {
  readonly env: Env;
  readonly records: RecordStore;
  readonly chunks: ChunkStore;
  readonly digest?: Digest;
  /** Bytes of chunks kept at most; packs that are asked for least go first. */
  readonly quotaBytes?: number;
  readonly onWarning?: (warning: PackWarning) => void;
}

/** Manifests and chunks that this peer holds. Chunks are kept once, whatever packs and versions they belong to. */
export class PackStore {
  readonly #options: PackStoreOptions;
  readonly #records: PackRecords;
  readonly #seen: SeenVersions;
  readonly #digest: Digest;
  /** Not to be evicted. */
  readonly #held = new PacksInUse();
  #turn: Promise<unknown> = Promise.resolve();
  #full = false;

  constructor(options: PackStoreOptions) {
    this.#options = options;
    this.#records = new PackRecords(options.env, options.records);
    this.#seen = new SeenVersions(this.#records);
    this.#digest = digestOf(options.env, options.digest);
  }

  /**
   * Keeps a manifest, and remembers its serial for ever.
   * @throws MismatchError `rollback` for a serial below one seen, `conflict` for a second manifest with one serial; the first stays.
   */
  async adopt(manifest: VerifiedManifest): Promise<'new' | 'known'> {
    const { result, written } = await this.accept(manifest);
    await written;
    return result;
  }

  /** As `adopt`, for a reader, who does not wait for a disk: resolves when it is decided, and the writing goes on. */
  async accept(manifest: VerifiedManifest): Promise<{ readonly result: 'new' | 'known'; readonly written: Promise<void> }> {
    const decided = this.#inTurn(async () => {
      await this.#seen.compare(manifest);
      return (await this.#records.kept(manifest.hash)) ? 'known' : 'new';
    });
    // In the turn right behind, so that the next to be compared is compared with this one.
    const written = this.#inTurn(async () => {
      if ((await decided) === 'new') await this.#write(manifest);
    });
    written.catch(() => undefined);
    return { result: await decided, written };
  }

  async #write(manifest: VerifiedManifest): Promise<void> {
    const { author, type, serial, title, hash } = manifest;
    const sizeBytes = manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0);
    try {
      // The serial first: should the rest not fit, an older version is refused all the same.
      await this.#seen.note(manifest);
      await this.#records.setManifest(manifest);
      await this.#records.setKept({
        manifestHash: hash,
        author,
        type,
        serial,
        title,
        sizeBytes,
        pinned: false,
        usedMs: this.#options.env.now(),
        score: 1,
      });
    } catch (error) {
      if (!isFull(error)) throw error;
      this.#options.onWarning?.({ kind: 'full' }); // it can be read all the same
    }
  }

  /** Undefined when it is not kept here. */
  async manifest(hash: Uint8Array): Promise<VerifiedManifest | undefined> {
    const manifest = await this.#records.manifest(hash);
    if (manifest !== 'damaged') return manifest;
    this.#options.onWarning?.({ kind: 'damaged', chunk: base32(hash) });
    return undefined;
  }

  /** The newest version seen, when it is still kept. */
  async latest(author: Uint8Array, type: PackType): Promise<VerifiedManifest | undefined> {
    const seen = await this.#seen.of(author, type);
    return seen && (await this.manifest(seen.hash));
  }

  /** Serial and hash of the newest version ever seen, kept or not. */
  seen(author: Uint8Array, type: PackType): Promise<{ readonly serial: number; readonly hash: Uint8Array } | undefined> {
    return this.#seen.of(author, type);
  }

  /** As `SeenVersions.conflict`. */
  conflict(author: Uint8Array, type: PackType): Promise<Uint8Array[]> {
    return this.#seen.conflict(author, type);
  }

  /** A chunk whose hash was checked just now, or undefined. */
  async chunk(hash: Uint8Array): Promise<Uint8Array | undefined> {
    const { chunks, onWarning } = this.#options;
    const bytes = await chunks.get(hash);
    if (!bytes) return undefined;
    if (equal(await this.#digest(bytes), hash)) return bytes;
    onWarning?.({ kind: 'damaged', chunk: base32(hash) });
    await chunks.delete(hash);
    return undefined;
  }

  has(hash: Uint8Array): Promise<boolean> {
    return this.#options.chunks.has(hash);
  }

  /** Keeps a chunk that was verified, of a pack that is held; false when there is no room, which is told once. */
  async keep(hash: Uint8Array, bytes: Uint8Array): Promise<boolean> {
    const { chunks, quotaBytes = Number.POSITIVE_INFINITY, onWarning } = this.#options;
    if (this.#full) return false;
    if (await chunks.has(hash)) return true;
    for (;;) {
      try {
        if ((await chunks.usedBytes()) + bytes.length > quotaBytes) throw new GlobalNetError('full', 'the quota is used up');
        await chunks.put(hash, bytes);
        return true;
      } catch (error) {
        if (!isFull(error)) throw error;
        if (await this.#evictOne()) continue;
        if (!this.#full) onWarning?.({ kind: 'full' });
        this.#full = true; // until something is removed: a full disk is not asked again for each chunk
        return false;
      }
    }
  }

  /** The chunks that are not here yet: what a fetch that was cut off has still to do. */
  async missing(manifest: VerifiedManifest): Promise<ChunkPlace[]> {
    const missing: ChunkPlace[] = [];
    const places = [...distinctChunks(manifest.files)];
    for (let i = 0; i < places.length; i += LOOKUPS_AT_ONCE) {
      const batch = places.slice(i, i + LOOKUPS_AT_ONCE);
      const here = await Promise.all(batch.map((place) => this.#options.chunks.has(place.hash)));
      missing.push(...batch.filter((_, j) => !here[j]));
    }
    return missing;
  }

  /** Counts a use, and keeps the pack from eviction until the answer is called. */
  hold(manifest: VerifiedManifest): () => void {
    // A use that cannot be written down is a use all the same.
    this.#change(manifest.hash, (kept) => usedOnce(kept, this.#options.env.now())).catch(() => undefined);
    return this.#held.add(manifest.hash);
  }

  pin(manifestHash: Uint8Array, pinned: boolean): Promise<void> {
    return this.#change(manifestHash, (kept) => ({ ...kept, pinned }));
  }

  packs(): Promise<KeptPack[]> {
    return this.#records.allKept();
  }

  usedBytes(): Promise<number> {
    return this.#options.chunks.usedBytes();
  }

  /** Deletes a pack's manifest and every chunk that no other pack here uses. Its serial stays known. */
  remove(manifestHash: Uint8Array): Promise<void> {
    return this.#inTurn(() => this.#remove(manifestHash));
  }

  /** Deletes all that is here of an author's packs of a type, and that it ever was. */
  forget(author: Uint8Array, type: PackType): Promise<void> {
    return this.#inTurn(async () => {
      for (const kept of await this.packs()) if (kept.type === type && equal(kept.author, author)) await this.#remove(kept.manifestHash);
      await this.#records.deleteSeen(author, type);
    });
  }

  async #remove(manifestHash: Uint8Array): Promise<void> {
    const { chunks } = this.#options;
    const manifest = await this.manifest(manifestHash);
    await this.#records.deleteKept(manifestHash);
    if (manifest) {
      const needed = await this.#chunksNeeded();
      for (const place of distinctChunks(manifest.files)) if (!needed.has(place.key)) await chunks.delete(place.hash);
    }
    // Last, so that a crash in between leaves a manifest by which the rest can be deleted, not chunks that nobody knows.
    await this.#records.deleteManifest(manifestHash);
    this.#full = false;
  }

  async #chunksNeeded(): Promise<Set<string>> {
    const needed = new Set<string>();
    for (const kept of await this.packs()) {
      const manifest = await this.manifest(kept.manifestHash);
      if (manifest) for (const place of distinctChunks(manifest.files)) needed.add(place.key);
    }
    return needed;
  }

  /** False when there is nothing that may go. */
  #evictOne(): Promise<boolean> {
    return this.#inTurn(async () => {
      const packs = (await this.packs()).filter((kept) => !kept.pinned && !this.#held.has(kept.manifestHash));
      const least = leastUsed(packs, this.#options.env.now());
      if (least) await this.#remove(least.manifestHash);
      return least !== undefined;
    });
  }

  #change(hash: Uint8Array, change: (kept: KeptPack) => KeptPack): Promise<void> {
    return this.#inTurn(async () => {
      const kept = await this.#records.kept(hash);
      if (kept) await this.#records.setKept(change(kept));
    });
  }

  /** What reads a record and writes it again runs one at a time. */
  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(task);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

/** A store in a browser answers each question in a transaction: many at once take hardly longer than one. */
const LOOKUPS_AT_ONCE = 64;

function isFull(error: unknown): boolean {
  return error instanceof GlobalNetError && error.kind === 'full';
}
