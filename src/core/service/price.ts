import { EFFORT_MAX, EFFORT_MIN, HELLO_BURST, HELLOS_PER_S, HOUSEKEEPING_MS } from './constants.ts';

/** Hellos of one round that a host can open. */
const ROUND_HELLOS = (HELLOS_PER_S * HOUSEKEEPING_MS) / 1000;

/**
 * How many hellos a host opens, and what it asks when there are more: a bucket of tokens, and a price that doubles while the bucket runs dry
 * and halves with each round in which it did not (the idea of Tor's proposal 327).
 *
 * Who has not worked is turned away at the points, and the host would not know that he is still there: so the points tell, and the price
 * stays as long as all who come would be too many without it.
 */
export class Price {
  #tokens = HELLO_BURST;
  #filledAtMs: number;
  #refused = 0;
  #effort = 0;
  #isRaised = false;
  #opened = 0;
  #turnedAway = 0;

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
    this.#opened++;
    return true;
  }

  /** A point has turned away so many for want of work. */
  onTurnedAway(visitors: number): void {
    this.#turnedAway += visitors;
  }

  /** Where hellos were refused since the last call; true when the price is another one now. */
  raise(): boolean {
    if (this.#refused === 0) return false;
    this.#refused = 0;
    this.#isRaised = true;
    return this.#set(Math.min(EFFORT_MAX, Math.max(EFFORT_MIN, 2 * this.#effort)));
  }

  /** Ends a round, of HOUSEKEEPING_MS; true when the price is another one now. */
  endRound(): boolean {
    const isRaised = this.raise();
    const stays = this.#isRaised || this.#turnedAway + this.#opened > ROUND_HELLOS;
    this.#isRaised = false;
    this.#opened = this.#turnedAway = 0;
    return stays ? isRaised : this.#set(this.#effort <= EFFORT_MIN ? 0 : this.#effort / 2);
  }

  #set(effort: number): boolean {
    const isAnother = effort !== this.#effort;
    this.#effort = effort;
    return isAnother;
  }
}
