import type { ChunkKey } from './chunk-place.ts';

/** The chunks used last, up to a number of bytes. */
export class ChunkCache {
  readonly #chunks = new Map<ChunkKey, Uint8Array>();
  #bytes = 0;

  constructor(private readonly maxBytes: number) {}

  get(key: ChunkKey): Uint8Array | undefined {
    const chunk = this.#chunks.get(key);
    if (!chunk) return undefined;
    this.#chunks.delete(key);
    this.#chunks.set(key, chunk);
    return chunk;
  }

  put(key: ChunkKey, chunk: Uint8Array): void {
    if (this.#chunks.has(key)) return;
    this.#chunks.set(key, chunk);
    this.#bytes += chunk.length;
    for (const [oldest, bytes] of this.#chunks) {
      if (this.#bytes <= this.maxBytes) return;
      this.#chunks.delete(oldest);
      this.#bytes -= bytes.length;
    }
  }
}
