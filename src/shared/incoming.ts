import { GlobalNetError } from '../core/bytes/errors.ts';
import { errorOf } from './outcome.ts';
import type { HttpAnswerHead, SiteAnswer } from './site-port.ts';

/** Chunks that may be on their way at once: 512 KB keep the port busy and bound what a slow page holds. */
const WINDOW_CHUNKS = 8;

export interface IncomingOptions {
  readonly what: string;
  readonly firstIndex: number;
  /** Behind the last chunk; undefined: only the end tells. */
  readonly endIndex: number | undefined;
  /** Undefined where the peer keeps the time: of a live service it knows whether something is still being sent. */
  readonly silenceMs: number | undefined;
  pull(chunks: number): void;
  /** Called once, whichever way it ends. `isWhole`: the other side has said so. */
  onOver(isWhole: boolean): void;
}

/** What one request brings, in the order in which it comes: perhaps a head, and chunks, pulled as they are read. */
export class Incoming {
  readonly #options: IncomingOptions;
  readonly #chunks: Uint8Array[] = [];
  #head: HttpAnswerHead | undefined;
  #next: number;
  #isWhole = false;
  #isOver = false;
  #failure: GlobalNetError | undefined;
  #wake: () => void = () => {};

  constructor(options: IncomingOptions) {
    this.#options = options;
    this.#next = options.firstIndex;
    options.pull(WINDOW_CHUNKS);
  }

  onAnswer(answer: SiteAnswer): void {
    const { endIndex, what } = this.#options;
    if (answer.type === 'failed') this.#fail(errorOf(answer));
    else if (answer.type === 'head') this.#head = answer.head;
    else if (answer.type === 'chunk' && answer.index === this.#next) {
      this.#next++;
      this.#chunks.push(answer.bytes);
    } else if (answer.type === 'end' && (endIndex === undefined || this.#next >= endIndex)) this.#isWhole = true;
    // A stream cut short looks complete to whoever does not count.
    else this.#fail(new GlobalNetError('closed', `'${what}' ended at chunk ${this.#next} of ${endIndex}`));
    this.#wake();
  }

  /** @throws GlobalNetError. */
  head(): Promise<HttpAnswerHead> {
    return this.#until(() => this.#head);
  }

  /** All chunks, in order. @throws GlobalNetError; its loop may be left. */
  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    const { firstIndex, endIndex = Number.POSITIVE_INFINITY } = this.#options;
    try {
      for (let given = firstIndex; given < endIndex; given++) {
        const chunk = await this.#until(() => this.#chunks.shift() ?? (this.#isWhole ? 'end' : undefined));
        if (chunk === 'end') return;
        yield chunk;
        this.#options.pull(1);
      }
    } finally {
      this.leave();
    }
  }

  /** Nobody wants the rest. */
  leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.onOver(this.#isWhole);
  }

  #fail(error: GlobalNetError): void {
    this.#failure ??= error;
    this.leave();
  }

  async #until<Value>(look: () => Value | undefined): Promise<Value> {
    for (;;) {
      const value = look();
      if (value !== undefined) return value;
      if (this.#failure !== undefined) throw this.#failure;
      const stop = this.#watch();
      await new Promise<void>((resolve) => void (this.#wake = resolve));
      stop();
    }
  }

  /** While somebody waits. */
  #watch(): () => void {
    const { silenceMs } = this.#options;
    if (silenceMs === undefined) return () => {};
    const timer = setTimeout(() => {
      this.#fail(new GlobalNetError('timeout', 'The peer in this tab did not answer. Reload the app.'));
      this.#wake();
    }, silenceMs);
    return () => clearTimeout(timer);
  }
}
