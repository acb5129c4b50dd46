import type { StreamState } from './session-stream.ts';

/** The streams of a session that are not over. */
export class StreamTable {
  readonly #streams = new Map<number, StreamState>();
  #ours = 0;

  get size(): number {
    return this.#streams.size;
  }

  get ours(): number {
    return this.#ours;
  }

  get theirs(): number {
    return this.#streams.size - this.#ours;
  }

  get(id: number): StreamState | undefined {
    return this.#streams.get(id);
  }

  has(stream: StreamState): boolean {
    return this.#streams.get(stream.id) === stream;
  }

  add(stream: StreamState): void {
    this.#streams.set(stream.id, stream);
    if (stream.ours) this.#ours++;
  }

  remove(stream: StreamState): void {
    if (this.#streams.delete(stream.id) && stream.ours) this.#ours--;
  }

  /** By id: a copy, for the table may change meanwhile. */
  all(): StreamState[] {
    return [...this.#streams.values()].sort((a, b) => a.id - b.id);
  }
}
