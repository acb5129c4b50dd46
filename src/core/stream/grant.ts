/** How much window may be given beyond what everybody has; shared by the channels of a circuit, or the streams of a session. */
export interface GrowthBudget {
  left: number;
}

/**
 * What a receiver lets the other side send: a limit that runs ahead of what was used up by a window, which grows where it is used up
 * fast. Counts payloads or bytes, as its owner does.
 */
export class Grant {
  #used = 0;
  #told: number;
  #window: number;
  #usedAtGrowth = 0;
  #grownAtMs: number;
  #released = false;

  constructor(
    readonly first: number,
    readonly most: number,
    readonly budget: GrowthBudget,
    nowMs: number,
  ) {
    this.#window = first;
    this.#told = first;
    this.#grownAtMs = nowMs;
  }

  /** What may be sent in all, as of now. */
  get limit(): number {
    return this.#used + this.#window;
  }

  /** The limit that the other side was told last: what it is held to. */
  get told(): number {
    return this.#told;
  }

  get window(): number {
    return this.#window;
  }

  /** Worth telling: a quarter of the window is new. */
  get due(): boolean {
    return this.limit - this.#told >= Math.max(1, this.#window >>> 2);
  }

  tell(): number {
    this.#told = this.limit;
    return this.#told;
  }

  /** Widens the window at once, as far as the budget goes. */
  widen(to: number): void {
    const more = Math.min(to, this.most) - this.#window;
    if (this.#released || more <= 0 || more > this.budget.left) return;
    this.budget.left -= more;
    this.#window += more;
  }

  use(count: number, nowMs: number, growWithinMs: number): void {
    this.#used += count;
    if (2 * (this.#used - this.#usedAtGrowth) < this.#window) return;
    // Half a window was used up: in half the time, for it to grow.
    if (2 * (nowMs - this.#grownAtMs) <= growWithinMs) this.widen(2 * this.#window);
    this.#usedAtGrowth = this.#used;
    this.#grownAtMs = nowMs;
  }

  /** Gives back what was taken from the budget, for good. */
  release(): void {
    if (!this.#released) this.budget.left += this.#window - this.first;
    this.#released = true;
  }
}
