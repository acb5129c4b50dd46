import { type Directory, learnRelays, openPeers, savePeers } from '../directory/index.ts';
import type { Env } from '../env.ts';
import type { Links } from '../link/index.ts';
import type { Ask, RecordStore } from '../ports.ts';
import { LEARN_EVERY_MS, LEARN_SOON_MS, RELAYS_ENOUGH, RELAYS_ENOUGH_OPEN } from './constants.ts';

export interface LearningOptions {
  readonly env: Env;
  readonly links: Links;
  readonly directory: Directory;
  readonly records: RecordStore;
  readonly ask: Ask;
  /** An open relay: it knows more peers, and asks openly. */
  readonly isOpen: boolean;
  /** A circuit of our own stands. */
  hasCircuit(): boolean;
}

/** Learns who is there, as often as it is worth it. */
export class Learning {
  #learnedAt = 0;
  /** In a small network; doubled with each round that brings nobody new. */
  #learnSoonMs = LEARN_SOON_MS;

  constructor(private readonly options: LearningOptions) {}

  /** The next round is due at once. */
  hurry(): void {
    this.#learnedAt = 0;
  }

  /** With the first circuit the peer is ready: what else there is to learn waits until that has been said. */
  isDue(isReady: boolean): boolean {
    const { env, hasCircuit } = this.options;
    const everyMs = this.#vouched >= this.#enough ? LEARN_EVERY_MS : hasCircuit() || isReady ? this.#learnSoonMs : 0;
    return env.now() - this.#learnedAt >= everyMs;
  }

  /** Asks, and keeps for the next start whom it met. */
  async learn(): Promise<void> {
    const { env, directory, links, ask, isOpen, hasCircuit, records } = this.options;
    const vouched = this.#vouched;
    // Down circuits, where nobody can fit his answer to the asker; but few hops would only lead to each other, and one that dies ends all.
    const suffices = vouched >= this.#enough || vouched === directory.size;
    const via = !isOpen && hasCircuit() && suffices ? 'circuit' : 'link';
    const linked = openPeers(directory).filter(({ id }) => links.get(id) !== undefined);
    const access = { env, directory, ask, via } as const;
    await learnRelays(via === 'circuit' || linked.length === 0 ? access : { ...access, answerers: linked });
    // Where those we are linked to do not suffice to agree, the peers they named are asked.
    if ([...directory.all()].every((descriptor) => !directory.isVouched(descriptor))) await learnRelays(access);
    this.#learnedAt = env.now();
    this.#learnSoonMs = this.#vouched > vouched ? LEARN_SOON_MS : Math.min(2 * this.#learnSoonMs, LEARN_EVERY_MS);
    // For the next start: nobody waits for it now.
    savePeers(records, directory).catch((error) => env.log('warn', 'joining', `the peers met are not kept: ${(error as Error).message}`));
  }

  get #vouched(): number {
    return [...this.options.directory.relays()].length;
  }

  get #enough(): number {
    return this.options.isOpen ? RELAYS_ENOUGH_OPEN : RELAYS_ENOUGH;
  }
}
