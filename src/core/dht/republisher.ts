import { type Env, randomBelow } from '../env.ts';
import type { DhtValue } from '../wire/value.ts';
import { type DhtAccess, storeValue } from './client.ts';
import { REPLICAS, REPUBLISH_JITTER, REPUBLISH_MS, REPUBLISH_RETRY_MS } from './constants.ts';

/** Makes the value anew, with a fresh expiry and serial where need be; undefined: nothing to publish now. */
export type MakeValue = () => DhtValue | undefined | Promise<DhtValue | undefined>;

interface Entry {
  readonly make: MakeValue;
  /** Writings in a row that brought it to fewer than REPLICAS. */
  thin: number;
  cancel: () => void;
}

/** Writes its owner's values now and again, each on a clock of its own: store peers come and go. */
export class Republisher {
  readonly #entries = new Map<string, Entry>();

  constructor(readonly access: DhtAccess) {}

  /** Publishes at once and from then on, in place of what had this name before. */
  publish(name: string, make: MakeValue): void {
    this.withdraw(name);
    const entry: Entry = { make, thin: 0, cancel: () => undefined };
    this.#entries.set(name, entry);
    void this.#run(name, entry);
  }

  /** No more of it; what is stored expires by itself. */
  withdraw(name: string): void {
    this.#entries.get(name)?.cancel();
    this.#entries.delete(name);
  }

  stop(): void {
    for (const name of [...this.#entries.keys()]) this.withdraw(name);
  }

  async #run(name: string, entry: Entry): Promise<void> {
    const { env } = this.access;
    let delayMs = jittered(env, REPUBLISH_MS);
    try {
      const value = await entry.make();
      if (value !== undefined && this.#entries.get(name) === entry) {
        const isHeld = (await storeValue(this.access, value)) >= REPLICAS;
        // Those who brought it may have known few peers, as all do in a young network.
        if (!isHeld) delayMs = jittered(env, Math.min(REPUBLISH_MS, REPUBLISH_RETRY_MS * 2 ** entry.thin));
        entry.thin = isHeld ? 0 : entry.thin + 1;
      }
    } catch (error) {
      delayMs = jittered(env, REPUBLISH_RETRY_MS);
      env.log('info', 'dht', `a value could not be published, next try in ${Math.round(delayMs / 1000)} s: ${String(error)}`);
    }
    if (this.#entries.get(name) === entry) entry.cancel = env.schedule(delayMs, () => void this.#run(name, entry));
  }
}

function jittered(env: Env, ms: number): number {
  const spreadMs = Math.floor(2 * REPUBLISH_JITTER * ms);
  return ms - spreadMs / 2 + randomBelow(env, spreadMs);
}
