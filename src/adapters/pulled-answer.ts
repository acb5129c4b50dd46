import { failureOf } from '../shared/outcome.ts';
import type { SiteAnswer } from '../shared/site-port.ts';

export type Post = (answer: SiteAnswer, transfer?: Transferable[]) => void;

/** One answer's chunks, in order, no more of them than were pulled. */
export class PulledAnswer {
  #next: number;
  #credit = 0;
  #running = false;
  readonly #abort = new AbortController();
  readonly #chunks: AsyncIterator<Uint8Array>;

  constructor(
    readonly id: number,
    firstIndex: number,
    chunks: (signal: AbortSignal) => AsyncIterable<Uint8Array>,
    readonly post: Post,
    readonly done: () => void,
  ) {
    this.#next = firstIndex;
    this.#chunks = chunks(this.#abort.signal)[Symbol.asyncIterator]();
  }

  pull(chunks: number): void {
    this.#credit += chunks;
    if (!this.#running) void this.#send();
  }

  cancel(): void {
    this.#abort.abort();
    this.done();
  }

  async #send(): Promise<void> {
    const { id } = this;
    this.#running = true;
    try {
      while (this.#credit > 0) {
        const { value: bytes, done } = await this.#chunks.next();
        if (this.#abort.signal.aborted) return;
        if (done) return this.#finish({ type: 'end', id });
        this.#credit--;
        this.post({ type: 'chunk', id, index: this.#next++, bytes }, [bytes.buffer as ArrayBuffer]);
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#finish({ type: 'failed', id, ...failureOf(error) });
    } finally {
      this.#running = false;
    }
  }

  #finish(answer: SiteAnswer): void {
    this.post(answer);
    this.done();
  }
}
