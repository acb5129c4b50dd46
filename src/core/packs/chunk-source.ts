import { GlobalNetError } from '../bytes/errors.ts';
import { chunkCount, type FileEntry } from '../wire/manifest.ts';
import { ChunkCache } from './chunk-cache.ts';
import { type ChunkKey, type ChunkPlace, chunkPlace } from './chunk-place.ts';
import { CACHE_BYTES, KEEPING_MAX, PRIORITY } from './constants.ts';
import type { PackStore } from './pack-store.ts';
import type { SiteClient } from './site-client.ts';

/** A verified chunk. The bytes are shared with the cache: to be copied before they are changed or transferred. */
export interface Chunk {
  readonly place: ChunkPlace;
  readonly bytes: Uint8Array;
  readonly fromStore: boolean;
}

export interface InOrderOptions {
  /** Of the chunk that is waited for, and of those behind it; the last one counts for the rest. */
  readonly priorities: readonly number[];
  /** Chunks wanted at once. */
  readonly aheadChunks: number;
  readonly signal: AbortSignal | undefined;
}

interface Wanted {
  readonly chunk: Promise<Chunk>;
  /** Takes back what was asked for; the promise is rejected when it still waits. */
  cancel(): void;
}

/** Verified chunks, from memory, the store or the network, in this order. */
export class ChunkSource {
  readonly #cache = new ChunkCache(CACHE_BYTES);
  readonly #ahead = new Set<ChunkKey>();
  readonly #keeping = new Set<Promise<void>>();
  /** The store has no room: chunks are read and not kept. */
  full = false;

  constructor(
    private readonly store: PackStore,
    private readonly client: SiteClient,
  ) {}

  /** A chunk came and was verified. Resolves when there is room to receive more. */
  async received(place: ChunkPlace, bytes: Uint8Array): Promise<void> {
    this.#cache.put(place.key, bytes);
    const keeping: Promise<void> = this.store
      .keep(place.hash, bytes)
      .then((kept) => void (this.full = !kept))
      // A store that fails is not a reason to stop reading: the chunk is at hand.
      .catch(() => void (this.full = true))
      .finally(() => this.#keeping.delete(keeping));
    this.#keeping.add(keeping);
    if (this.#keeping.size >= KEEPING_MAX) await Promise.race(this.#keeping);
  }

  /** Resolves when all that was received is kept. */
  async settled(): Promise<void> {
    await Promise.all(this.#keeping);
  }

  /** Whether chunks `first` to `first + count` of the file are in the store. */
  async allStored(file: FileEntry, first: number, count: number): Promise<boolean> {
    for (let index = first; index < Math.min(first + count, chunkCount(file)); index++) {
      if (!(await this.store.has(chunkPlace(file, index).hash))) return false;
    }
    return true;
  }

  /** Begins to fetch chunks that will be asked for soon, into memory and store. */
  fetchAhead(places: readonly ChunkPlace[]): void {
    for (const place of places) {
      if (this.#ahead.has(place.key) || this.#cache.get(place.key)) continue;
      this.#ahead.add(place.key);
      const forget = () => void this.#ahead.delete(place.key);
      this.#want(place, PRIORITY.soon).chunk.then(forget, forget);
    }
  }

  /** The chunks in the order given, some asked for ahead. Ending early takes back what was asked for. @throws as the client's waiters; `cancelled` by the signal. */
  async *inOrder(places: readonly ChunkPlace[], { priorities, aheadChunks, signal }: InOrderOptions): AsyncGenerator<Chunk> {
    const ahead: Wanted[] = [];
    const cancelAll = () => {
      for (const wanted of ahead) wanted.cancel();
    };
    signal?.addEventListener('abort', cancelAll, { once: true });
    try {
      let next = 0;
      for (let now = 0; now < places.length; now++) {
        if (signal?.aborted) throw cancelled((places[now] as ChunkPlace).file);
        for (; next < places.length && next < now + aheadChunks; next++) {
          ahead.push(this.#want(places[next] as ChunkPlace, priorities[Math.min(next - now, priorities.length - 1)] as number));
        }
        yield await (ahead[0] as Wanted).chunk;
        ahead.shift();
      }
    } finally {
      signal?.removeEventListener('abort', cancelAll);
      cancelAll();
    }
  }

  #want(place: ChunkPlace, priority: number): Wanted {
    let ended = false;
    let release: () => void = () => undefined;
    let cancel: () => void = () => undefined;
    const chunk = new Promise<Chunk>((resolve, reject) => {
      cancel = () => {
        ended = true;
        release();
        reject(cancelled(place.file));
      };
      void this.#atHand(place).then((bytes) => {
        if (bytes) return resolve({ place, bytes, fromStore: true });
        if (ended) return;
        release = this.client.want(place, priority, {
          resolve: (received) => resolve({ place, bytes: received, fromStore: false }),
          reject,
        });
      }, reject);
    });
    chunk.catch(() => undefined); // read ahead and never waited for
    return { chunk, cancel };
  }

  async #atHand(place: ChunkPlace): Promise<Uint8Array | undefined> {
    const cached = this.#cache.get(place.key);
    if (cached) return cached;
    const stored = await this.store.chunk(place.hash);
    if (stored) this.#cache.put(place.key, stored);
    // It may have come by the network meanwhile.
    return stored ?? this.#cache.get(place.key);
  }
}

function cancelled(file: FileEntry): GlobalNetError {
  return new GlobalNetError('cancelled', `reading '${file.path}' was stopped`);
}
