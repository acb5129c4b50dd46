import { type Env, randomBelow, spreadMs } from '../env.ts';
import { HASTE_LEAST_MS, HASTE_TIMES_USUAL, OPEN_DEADLINE_MS, OPEN_DEADLINE_SPREAD_MS, OPENS_REMEMBERED } from './constants.ts';

/**
 * How long an answer is waited for. A hop that hangs never answers, so who has another path to try waits by what circuits took lately.
 * Part of it is drawn: with a fixed deadline, the hop that sees a circuit end exactly so long after its setup is the builder's neighbour.
 */
export class Patience {
  readonly #tookMs: number[] = [];

  constructor(private readonly env: Pick<Env, 'random'>) {}

  /** A circuit of usual length has answered. */
  note(tookMs: number): void {
    this.#tookMs.push(tookMs);
    if (this.#tookMs.length > OPENS_REMEMBERED) this.#tookMs.shift();
  }

  deadlineMs(isHasty: boolean): number {
    if (!isHasty || this.#tookMs.length === 0) return OPEN_DEADLINE_MS + randomBelow(this.env, OPEN_DEADLINE_SPREAD_MS);
    const leastMs = Math.min(OPEN_DEADLINE_MS, Math.max(HASTE_LEAST_MS, HASTE_TIMES_USUAL * Math.max(...this.#tookMs)));
    return spreadMs(this.env, leastMs);
  }
}
