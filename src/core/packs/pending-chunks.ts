import type { ChunkKey, ChunkPlace } from './chunk-place.ts';

/** A chunk that somebody waits for. */
export interface PendingChunk {
  readonly place: ChunkPlace;
  /** 0 is first. */
  priority: number;
  /** It was asked for in the stream that is open now. */
  asked: boolean;
  readonly waiters: Set<ChunkWaiter>;
}

export interface ChunkWaiter {
  resolve(bytes: Uint8Array): void;
  reject(error: unknown): void;
}

/** The chunks that are wanted and not here, each once, whoever wants it. */
export class PendingChunks {
  readonly #byKey = new Map<ChunkKey, PendingChunk>();
  #asked = 0;

  get size(): number {
    return this.#byKey.size;
  }

  get asked(): number {
    return this.#asked;
  }

  get(key: ChunkKey): PendingChunk | undefined {
    return this.#byKey.get(key);
  }

  /** Adds a waiter; a more urgent one lets the chunk be asked for again, so that the server moves it forward. */
  want(place: ChunkPlace, priority: number, waiter: ChunkWaiter): PendingChunk {
    let pending = this.#byKey.get(place.key);
    if (!pending) {
      pending = { place, priority, asked: false, waiters: new Set() };
      this.#byKey.set(place.key, pending);
    } else if (priority < pending.priority) {
      pending.priority = priority;
      this.unask(pending);
    }
    pending.waiters.add(waiter);
    return pending;
  }

  /** The most urgent ones that were not asked for, all of one priority, at most `max`; they count as asked from now on. */
  takeToAsk(max: number): PendingChunk[] {
    const waiting = [...this.#byKey.values()].filter((pending) => !pending.asked);
    const priority = Math.min(...waiting.map((pending) => pending.priority));
    const batch = waiting.filter((pending) => pending.priority === priority).slice(0, max);
    for (const pending of batch) pending.asked = true;
    this.#asked += batch.length;
    return batch;
  }

  unask(pending: PendingChunk): void {
    if (pending.asked) this.#asked--;
    pending.asked = false;
  }

  /** The stream is gone, and with it all that was asked for in it. */
  unaskAll(): void {
    for (const pending of this.#byKey.values()) pending.asked = false;
    this.#asked = 0;
  }

  delete(pending: PendingChunk): void {
    if (this.#byKey.delete(pending.place.key)) this.unask(pending);
  }

  resolve(key: ChunkKey, bytes: Uint8Array): void {
    const pending = this.#byKey.get(key);
    if (!pending) return;
    this.delete(pending);
    for (const waiter of pending.waiters) waiter.resolve(bytes);
  }

  reject(key: ChunkKey, error: unknown): void {
    const pending = this.#byKey.get(key);
    if (!pending) return;
    this.delete(pending);
    for (const waiter of pending.waiters) waiter.reject(error);
  }

  rejectAll(error: unknown): void {
    for (const key of [...this.#byKey.keys()]) this.reject(key, error);
  }
}
