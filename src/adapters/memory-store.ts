import { hex } from '../core/bytes/bytes.ts';
import type { ChunkStore, RecordStore } from '../core/ports.ts';

/** Records that end with the process: for a browser that gives no storage, and for the simulator. */
export class MemoryRecords implements RecordStore {
  readonly #records = new Map<string, Uint8Array>();

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.#records.get(key)?.slice();
  }

  async set(key: string, value: Uint8Array): Promise<void> {
    this.#records.set(key, value.slice());
  }

  async delete(key: string): Promise<void> {
    this.#records.delete(key);
  }

  async keys(prefix: string): Promise<string[]> {
    return [...this.#records.keys()].filter((key) => key.startsWith(prefix)).sort();
  }
}

/** Chunks that end with the process. */
export class MemoryChunks implements ChunkStore {
  readonly #chunks = new Map<string, Uint8Array>();

  async get(hash: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#chunks.get(hex(hash))?.slice();
  }

  async has(hash: Uint8Array): Promise<boolean> {
    return this.#chunks.has(hex(hash));
  }

  async put(hash: Uint8Array, chunk: Uint8Array): Promise<void> {
    this.#chunks.set(hex(hash), chunk.slice());
  }

  async delete(hash: Uint8Array): Promise<void> {
    this.#chunks.delete(hex(hash));
  }

  async usedBytes(): Promise<number> {
    let total = 0;
    for (const chunk of this.#chunks.values()) total += chunk.length;
    return total;
  }
}
