import { EFFORT_MAX, EFFORT_MIN, HELLO_BURST, HELLOS_PER_S } from './constants.ts';

/**
 * How many hellos a host opens, and what it asks when there are more: a bucket of tokens, and a price that doubles with each
 * round in which the bucket ran dry and halves with each in which it did not (the idea of Tor's proposal 327).
 */
export class Price {
  #tokens = HELLO_BURST;
  #filledAtMs: number;
  #refused = 0;
  #effort = 0;

  constructor(nowMs: number) {
    this.#filledAtMs = nowMs;
  }

  get effort(): number {
    return this.#effort;
  }

  /** False when this hello is one too many. */
  take(nowMs: number): boolean {
    const passedMs = Math.max(0, nowMs - this.#filledAtMs);
    this.#filledAtMs = nowMs;
    this.#tokens = Math.min(HELLO_BURST, this.#tokens + (passedMs * HELLOS_PER_S) / 1000);
    if (this.#tokens < 1) {
      this.#refused++;
      return false;
    }
    this.#tokens--;
    return true;
  }

  /** Ends a round; true when the price is another one now. */
  adjust(): boolean {
    const before = this.#effort;
    if (this.#refused > 0) this.#effort = Math.min(EFFORT_MAX, Math.max(EFFORT_MIN, 2 * before));
    else this.#effort = before <= EFFORT_MIN ? 0 : before / 2;
    this.#refused = 0;
    return this.#effort !== before;
  }
}
