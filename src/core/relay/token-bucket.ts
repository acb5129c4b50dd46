import type { Env } from '../env.ts';

/** So many at once, then so many a second. */
export class TokenBucket {
  readonly #env: Pick<Env, 'now'>;
  #tokens: number;
  #filledAt: number;

  constructor(
    env: Pick<Env, 'now'>,
    readonly burst: number,
    readonly perSecond: number,
  ) {
    this.#env = env;
    this.#tokens = burst;
    this.#filledAt = env.now();
  }

  /** Takes one if there is one. */
  take(): boolean {
    const now = this.#env.now();
    // A clock that was set back must not take tokens away.
    const passedMs = Math.max(0, now - this.#filledAt);
    this.#tokens = Math.min(this.burst, this.#tokens + (passedMs * this.perSecond) / 1000);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
