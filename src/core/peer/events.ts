import type { Env } from '../env.ts';
import { EVENTS_KEPT } from './constants.ts';
import type { PeerEvent } from './status.ts';

/** What happened, in words, and that something has changed: what panel and commands listen to. */
export class Events {
  readonly #listeners = new Set<(event: PeerEvent | undefined) => void>();
  readonly #kept: PeerEvent[] = [];

  constructor(private readonly env: Pick<Env, 'now'>) {}

  get recent(): readonly PeerEvent[] {
    return this.#kept;
  }

  /** Called with each event, and with undefined when only the status has changed. The answer ends it. */
  listen(listener: (event: PeerEvent | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  add(kind: PeerEvent['kind'], text: string, address?: string): void {
    const event: PeerEvent = { atMs: this.env.now(), kind, text, ...(address === undefined ? {} : { address }) };
    this.#kept.push(event);
    if (this.#kept.length > EVENTS_KEPT) this.#kept.shift();
    for (const listener of this.#listeners) listener(event);
  }

  changed(): void {
    for (const listener of this.#listeners) listener(undefined);
  }
}
