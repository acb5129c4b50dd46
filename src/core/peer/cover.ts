import { type Env, randomBelow } from '../env.ts';
import type { Link } from '../ports.ts';
import { newFrame } from '../wire/frame.ts';
import { FRAME_CELL_BYTES } from '../wire/geometry.ts';
import { FRAME } from '../wire/registry.ts';
import { COVER_STEP_MS } from './constants.ts';

/**
 * Cover on the links that our own circuits begin at: each silence there ends after a drawn time with a cell that says nothing. A link
 * that carries something is left alone, so cover never adds to traffic, and what it costs is bounded by the clock.
 */
export class Cover {
  readonly #cancels: (() => void)[] = [];

  /** @param links the guard links that stand, in a steady order; of them the first `count` are covered. */
  constructor(
    private readonly env: Pick<Env, 'random' | 'schedule'>,
    private readonly count: number,
    private readonly links: () => readonly Pick<Link, 'sentBytes' | 'sendFrame'>[],
  ) {}

  start(): void {
    this.stop();
    for (let place = 0; place < this.count; place++) this.#wait(place);
  }

  stop(): void {
    for (const cancel of this.#cancels.splice(0)) cancel();
  }

  /** @param queuedBytes cover that has just been given to the link, and is not counted as sent before its turn ends. */
  #wait(place: number, queuedBytes = 0): void {
    const links = this.links();
    const link = links[place];
    const sentBytes = (link?.sentBytes ?? 0) + queuedBytes;
    // The budget is one for all links: with two of them each is covered half as often as one alone would be.
    const meanMs = COVER_STEP_MS * Math.max(1, Math.min(links.length, this.count));
    this.#cancels[place] = this.env.schedule(meanMs / 2 + randomBelow(this.env, meanMs), () => {
      // Cover that is still queued makes them differ as well: none piles up behind a line that has stalled.
      const isSilent = link !== undefined && link.sentBytes === sentBytes;
      this.#wait(place, isSilent ? FRAME_CELL_BYTES : 0);
      if (isSilent) link.sendFrame(newFrame(0, FRAME.padding), 'control');
    });
  }
}
