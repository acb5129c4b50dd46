import { Bell } from './bell.ts';
import { ByteQueue } from './byte-queue.ts';
import { STREAM_ROUND_MS, STREAM_WINDOW_MAX_BYTES } from './constants.ts';
import { Grant } from './grant.ts';
import type { GrowthBudget } from './growth.ts';
import { STREAM_FIRST_CREDIT_BYTES } from '../wire/geometry.ts';

/** The bytes one end receives on one stream: in order, each once, whatever is sent again. */
export class ReceiveSide {
  readonly #queue = new ByteQueue();
  readonly #came = new Bell();
  readonly grant: Grant;
  readonly #now: () => number;
  #final: number | undefined;
  #toldMark = 0;

  constructor(budget: GrowthBudget, now: () => number) {
    this.grant = new Grant(STREAM_FIRST_CREDIT_BYTES, STREAM_WINDOW_MAX_BYTES, budget, () => this.unreadBytes, now());
    this.#now = now;
  }

  /** Bytes received, and one more once the end has come. */
  get mark(): number {
    return this.#queue.end + (this.#final === undefined ? 0 : 1);
  }

  get receivedBytes(): number {
    return this.#queue.end;
  }

  get unreadBytes(): number {
    return this.#queue.length;
  }

  get ended(): boolean {
    return this.#final !== undefined;
  }

  /** The other side's window asks for word now. */
  get creditDue(): boolean {
    return !this.ended && (this.grant.due || 4 * (this.mark - this.#toldMark) >= this.grant.window);
  }

  /** Something came that the other side does not know of. */
  get untold(): boolean {
    return this.mark > this.#toldMark;
  }

  /** What to tell: it counts as told. */
  tell(): { received: number; limit: number } {
    this.#toldMark = this.mark;
    return { received: this.mark, limit: this.grant.tell() };
  }

  /** How many bytes were new; undefined when the other side had no right to send this. Copies the bytes. */
  onData(offset: number, bytes: Uint8Array): number | undefined {
    const end = offset + bytes.length;
    if (offset > this.#queue.end || end > this.grant.told || (this.#final !== undefined && end > this.#final)) return undefined;
    const freshBytes = end - this.#queue.end;
    if (freshBytes <= 0) return 0;
    this.#queue.append(bytes.subarray(bytes.length - freshBytes));
    this.#came.ring();
    return freshBytes;
  }

  /** False when the end is not where the bytes end. */
  onEnd(final: number): boolean {
    if (final !== this.#queue.end) return false;
    this.#final = final;
    this.#came.ring();
    return true;
  }

  /** What has come together, without waiting. */
  take(): Uint8Array | undefined {
    const bytes = this.#queue.takeFirst();
    if (bytes !== undefined) this.grant.use(bytes.length, this.#now(), STREAM_ROUND_MS);
    return bytes;
  }

  whenMore(): Promise<void> {
    return this.#came.wait();
  }

  clear(): void {
    this.#queue.clear();
    this.#came.ring();
  }
}
