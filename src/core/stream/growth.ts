import { GROWTH_IDLE_MS } from './constants.ts';

/** A window that may have grown, and can be asked to give some of that back. */
export interface Grown {
  readonly window: number;
  /** Below this it cannot go: where it began, or what stands in it unread. */
  readonly least: number;
  readonly usedAtMs: number;
  narrow(to: number): void;
}

/**
 * How much window may be given beyond what everybody has; shared by the channels of a circuit, or the streams of a session. Where all is given and one
 * more asks, windows that nobody uses any more go back to where they began, and then the widest is halved as long as it is twice as wide as the asking one
 * would be: so those who want much come to within a factor of four of each other.
 */
export class GrowthBudget {
  #left: number;
  readonly #grown = new Set<Grown>();

  constructor(most: number) {
    this.#left = most;
  }

  get left(): number {
    return this.#left;
  }

  /** Whether `who` may be wider by so much; it is counted. */
  take(who: Grown, more: number, nowMs: number): boolean {
    if (more > this.#left) {
      for (const one of this.#grown) if (one !== who && nowMs - one.usedAtMs >= GROWTH_IDLE_MS) this.#narrow(one, one.least);
    }
    while (more > this.#left) {
      const widest = this.#widest();
      if (widest === undefined || widest.window < 2 * (who.window + more)) return false;
      this.#narrow(widest, widest.window / 2);
    }
    this.#left -= more;
    this.#grown.add(who);
    return true;
  }

  /** Who had grown by so much is gone. */
  giveBack(who: Grown, grownBy: number): void {
    this.#grown.delete(who);
    this.#left += grownBy;
  }

  /** Of those that can be halved. */
  #widest(): Grown | undefined {
    let widest: Grown | undefined;
    for (const one of this.#grown) if (2 * one.least <= one.window && one.window > (widest?.window ?? 0)) widest = one;
    return widest;
  }

  #narrow(one: Grown, to: number): void {
    const before = one.window;
    one.narrow(to);
    this.#left += before - one.window;
  }
}
