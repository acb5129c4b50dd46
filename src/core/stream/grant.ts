import type { Grown, GrowthBudget } from './growth.ts';

/**
 * What a receiver lets the other side send: a limit that runs ahead of what was used up by a window, which grows where it is used up
 * fast. A window that is narrowed takes nothing back that was told: the limit stands until what was used up has caught up with it.
 * Counts payloads or bytes, as its owner does.
 */
export class Grant implements Grown {
  #used = 0;
  #told: number;
  #window: number;
  #usedAtMs: number;
  #roundAtMs: number;
  #usedBefore = 0;
  #released = false;

  constructor(
    readonly first: number,
    readonly most: number,
    readonly budget: GrowthBudget,
    /** What came and was not used up. */
    readonly held: () => number,
    nowMs: number,
  ) {
    this.#window = first;
    this.#told = first;
    this.#usedAtMs = this.#roundAtMs = nowMs;
  }

  /** What may be sent in all, as of now. */
  get limit(): number {
    return Math.max(this.#told, this.#used + this.#window);
  }

  /** The limit that the other side was told last: what it is held to. */
  get told(): number {
    return this.#told;
  }

  get window(): number {
    return this.#window;
  }

  get least(): number {
    return Math.min(this.#window, Math.max(this.first, this.held()));
  }

  get usedAtMs(): number {
    return this.#usedAtMs;
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
  widen(to: number, nowMs: number): void {
    const more = Math.min(to, this.most) - this.#window;
    if (this.#released || more <= 0 || !this.budget.take(this, more, nowMs)) return;
    this.#window += more;
  }

  narrow(to: number): void {
    this.#window = Math.max(this.least, Math.floor(to));
  }

  /** @param roundMs about as long as a new limit takes to show. */
  use(count: number, nowMs: number, roundMs: number): void {
    this.#used += count;
    this.#usedAtMs = nowMs;
    if (nowMs - this.#roundAtMs > roundMs) return this.#beginRound(nowMs);
    if (2 * (this.#used - this.#usedBefore) < this.#window) return;
    // In large steps where it went fast: this limit must not be what holds up a sender that doubles what it sends. Not at first: the first
    // window may have gone into room that waited for it, and says little of how fast more will.
    const fast = this.#window > this.first && 4 * (nowMs - this.#roundAtMs) <= roundMs;
    this.widen((fast ? 4 : 2) * this.#window, nowMs);
    this.#beginRound(nowMs);
  }

  #beginRound(nowMs: number): void {
    this.#roundAtMs = nowMs;
    this.#usedBefore = this.#used;
  }

  /** Gives back what was taken from the budget, for good. */
  release(): void {
    if (!this.#released) this.budget.giveBack(this, this.#window - this.first);
    this.#released = true;
  }
}
