import { createStore, delMany, entries, get, set, type UseStore } from 'idb-keyval';
import { base32 } from '../shared/links.ts';

/**
 * Names of the origins that sites are shown on: `<label>.<app host>`. A label is random, because DNS, TLS and the app's host see
 * it; only the app's store knows the site behind it. Once given to a site it is never given to another.
 */

interface LabelRecord {
  /** With its port where that is not 80: each has an origin of its own. Undefined: a spare, its service worker registered and waiting for a site. */
  address: string | undefined;
}

export interface LabelLease {
  readonly label: string;
  /** Another tab may have it then. */
  release(): void;
}

/** Spares let a new site open while the app's host is down, and its first page come without a registration before it. */
const SPARES = 3;

export class Labels {
  readonly #store: UseStore = createStore('gnet-labels', 'labels');

  /**
   * A label for this site that no other tab holds: two shells on one origin would contend for its service worker. The one it had
   * before, else a spare, else a new one.
   */
  async lease(address: string): Promise<LabelLease> {
    const known = await entries<string, LabelRecord>(this.#store);
    const own = known.filter(([, record]) => record.address === address);
    const spare = known.filter(([, record]) => record.address === undefined);
    for (const [label] of [...own, ...spare]) {
      const release = await hold(label);
      if (release === undefined) continue;
      // Between the look and the lock another tab may have given a spare away.
      const now = await get<LabelRecord>(label, this.#store);
      if (now !== undefined && (now.address ?? address) === address) {
        await set(label, { address } satisfies LabelRecord, this.#store);
        return { label, release };
      }
      release();
    }
    return this.#leaseNew(address);
  }

  /** Instead of one whose service worker does not start. */
  async replace(stuck: LabelLease, address: string): Promise<LabelLease> {
    stuck.release();
    await delMany([stuck.label], this.#store);
    return this.#leaseNew(address);
  }

  async #leaseNew(address: string): Promise<LabelLease> {
    const label = newLabel();
    const release = await hold(label);
    await set(label, { address } satisfies LabelRecord, this.#store);
    return { label, release: release ?? (() => {}) };
  }

  /** Registers service workers ahead of need, one after another. @param register resolves when the label's is active. */
  async fillSpares(register: (label: string) => Promise<void>): Promise<void> {
    await navigator.locks.request('gnet-spare-labels', { ifAvailable: true }, async (lock) => {
      if (lock === null) return;
      const known = await entries<string, LabelRecord>(this.#store);
      let spares = known.filter(([, record]) => record.address === undefined).length;
      for (; spares < SPARES; spares++) {
        const label = newLabel();
        await register(label);
        await set(label, { address: undefined } satisfies LabelRecord, this.#store);
      }
    });
  }

  async forget(address: string): Promise<void> {
    const known = await entries<string, LabelRecord>(this.#store);
    await delMany(
      known.filter(([, record]) => record.address?.split(':')[0] === address).map(([label]) => label),
      this.#store,
    );
  }
}

function newLabel(): string {
  return base32(crypto.getRandomValues(new Uint8Array(10)));
}

/** Undefined when another tab holds it. The browser frees it when the tab goes. */
function hold(label: string): Promise<(() => void) | undefined> {
  return new Promise((resolve) => {
    void navigator.locks.request(`gnet-label-${label}`, { ifAvailable: true }, (lock) => {
      if (lock === null) return resolve(undefined);
      return new Promise<void>((release) => resolve(release));
    });
  });
}
