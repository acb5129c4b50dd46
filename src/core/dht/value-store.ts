import { hex } from '../bytes/bytes.ts';
import { compareDistance, distanceShare } from '../bytes/distance.ts';
import { type Env, sample } from '../env.ts';
import type { RecordStore } from '../ports.ts';
import { CLOCK_SKEW_MS, KEEP, type KeepResult } from '../wire/registry.ts';
import { type DhtValue, verifyValue } from '../wire/value.ts';
import {
  BAG_ANSWER,
  BAG_EFFORT_MIN,
  BAG_ENTRIES_MAX,
  EVICT_SHARE,
  POSITIONS,
  SLOTS_MAX,
  STORE_CAPACITY_BYTES,
  VALUE_LIFE_MAX_MS,
} from './constants.ts';
import { newest } from './merge.ts';
import { valuePosition } from './positions.ts';

export interface ValueStoreOptions {
  readonly capacityBytes?: number;
  readonly bagEffortMin?: number;
  /** Values outlive a restart where this is given. */
  readonly records?: RecordStore;
}

export interface KeepOutcome {
  readonly result: KeepResult;
  /** With `work`: the effort that would do; else 0. */
  readonly effort: number;
}

const PREFIX = 'dht/';

/** The values that one store peer holds for others. Takes verified values only, and bounds them per key and in all. */
export class ValueStore {
  readonly #byKey = new Map<string, DhtValue[]>();
  #usedBytes = 0;

  constructor(
    readonly env: Env,
    /** Where this peer stands: what lies farthest from it goes first. */
    readonly ownPosition: () => Uint8Array | undefined,
    readonly options: ValueStoreOptions = {},
  ) {}

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get keys(): number {
    return this.#byKey.size;
  }

  /** Takes up what an earlier run stored; what has expired or was damaged is deleted. */
  async load(): Promise<void> {
    const { records } = this.options;
    for (const name of (await records?.keys(PREFIX)) ?? []) {
      const bytes = await records?.get(name);
      const value = bytes === undefined ? undefined : this.#verified(bytes);
      if (value === undefined || this.keep(value).result !== KEEP.kept) await records?.delete(name);
    }
  }

  #verified(bytes: Uint8Array): DhtValue | undefined {
    try {
      return verifyValue(this.env.crypto, bytes, this.env.now());
    } catch {
      return undefined;
    }
  }

  /** `kept` also for what is here already. */
  keep(value: DhtValue): KeepOutcome {
    const now = this.env.now();
    if (value.expiresAtMs <= now || value.expiresAtMs > now + VALUE_LIFE_MAX_MS + CLOCK_SKEW_MS) return { result: KEEP.refused, effort: 0 };
    const held = this.#held(hex(value.key));
    const refusal = this.#refuse(value, held);
    if (refusal !== undefined) return refusal;
    const kept = this.#trimBag(newest([...held, value]));
    if (!kept.includes(value))
      return { result: held.some((other) => hex(other.hash) === hex(value.hash)) ? KEEP.kept : KEEP.stale, effort: 0 };
    this.#replace(hex(value.key), held, kept);
    if (this.#usedBytes > this.#capacityBytes) this.#evict();
    return { result: KEEP.kept, effort: 0 };
  }

  get #capacityBytes(): number {
    return this.options.capacityBytes ?? STORE_CAPACITY_BYTES;
  }

  #refuse(value: DhtValue, held: readonly DhtValue[]): KeepOutcome | undefined {
    const isNewPlace = !held.some((other) => other.place === value.place);
    if (value.kind === 'singleWriter') {
      const places = new Set(held.map((other) => other.place)).size;
      return isNewPlace && places >= SLOTS_MAX ? { result: KEEP.full, effort: 0 } : undefined;
    }
    let wanted = this.options.bagEffortMin ?? BAG_EFFORT_MIN;
    // A full bag takes an entry only for more work than its cheapest has: whoever floods it raises his own price.
    if (isNewPlace && held.length >= BAG_ENTRIES_MAX) wanted = Math.max(wanted, cheapest(held) + 1);
    return value.effort < wanted ? { result: KEEP.work, effort: wanted } : undefined;
  }

  #trimBag(values: DhtValue[]): DhtValue[] {
    if (values[0]?.kind !== 'bag' || values.length <= BAG_ENTRIES_MAX) return values;
    const lowest = cheapest(values);
    const drop = values.findIndex((value) => effortOf(value) === lowest);
    return values.filter((_, index) => index !== drop);
  }

  #held(key: string): DhtValue[] {
    const now = this.env.now();
    return (this.#byKey.get(key) ?? []).filter((value) => value.expiresAtMs > now);
  }

  /** All slots of a single-writer key; of a bag a random ten, so that no asker can list it and no place in it is better. */
  get(key: Uint8Array): DhtValue[] {
    const held = this.#held(hex(key));
    return held[0]?.kind === 'bag' ? sample(this.env, held, BAG_ANSWER) : held;
  }

  /** To be called now and then: what has expired goes. */
  prune(): void {
    for (const [key, values] of this.#byKey) this.#replace(key, values, this.#held(key));
  }

  #replace(key: string, before: readonly DhtValue[], after: readonly DhtValue[]): void {
    const all = new Set([...(this.#byKey.get(key) ?? []), ...before]);
    for (const value of all) if (!after.includes(value)) this.#forget(value);
    for (const value of after) if (!all.has(value)) this.#record(value);
    if (after.length === 0) this.#byKey.delete(key);
    else this.#byKey.set(key, [...after]);
  }

  #record(value: DhtValue): void {
    this.#usedBytes += value.bytes.length;
    this.options.records
      ?.set(recordName(value), value.bytes)
      .catch((error: unknown) => this.env.log('warn', 'dht', `a value is held in memory only: ${String(error)}`));
  }

  #forget(value: DhtValue): void {
    this.#usedBytes -= value.bytes.length;
    this.options.records
      ?.delete(recordName(value))
      .catch((error: unknown) => this.env.log('warn', 'dht', `a dropped value stays on disk: ${String(error)}`));
  }

  /** The farthest keys first: for them others are nearer. */
  #evict(): void {
    this.prune();
    const own = this.ownPosition();
    const keys = [...this.#byKey].map(([key, values]) => ({ key, values, distance: own === undefined ? 0 : this.#distance(own, values) }));
    keys.sort((a, b) => b.distance - a.distance);
    const wantedBytes = this.#capacityBytes * (1 - EVICT_SHARE);
    for (const { key, values } of keys) {
      if (this.#usedBytes <= wantedBytes) return;
      this.#replace(key, values, []);
    }
  }

  #distance(own: Uint8Array, values: readonly DhtValue[]): number {
    const key = (values[0] as DhtValue).key;
    return Math.min(...POSITIONS.map((position) => distanceShare(own, valuePosition(this.env.crypto, key, position))));
  }
}

function effortOf(value: DhtValue): number {
  return value.kind === 'bag' ? value.effort : 0;
}

function cheapest(values: readonly DhtValue[]): number {
  return Math.min(...values.map(effortOf));
}

function recordName(value: DhtValue): string {
  return `${PREFIX}${hex(value.hash)}`;
}

/** True when `own` is among the `count` nearest to one of the key's positions, as far as `others` are known. */
export function isMine(env: Env, own: Uint8Array, key: Uint8Array, others: readonly Uint8Array[], count: number): boolean {
  return POSITIONS.some((position) => {
    const target = valuePosition(env.crypto, key, position);
    return others.filter((other) => compareDistance(target, other, own) < 0).length < count;
  });
}
