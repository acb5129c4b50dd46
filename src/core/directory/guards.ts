import type { PeerId } from '../bytes/brand.ts';
import { fromUtf8, utf8 } from '../bytes/index.ts';
import { type Env, randomBelow } from '../env.ts';
import type { RecordStore } from '../ports.ts';
import { type Descriptor, hasRole } from '../wire/descriptor.ts';
import { ROLE } from '../wire/registry.ts';
import {
  GUARD_DEAD_FAILURES,
  GUARD_DEAD_MS,
  GUARD_LIFE_MS,
  GUARD_RETRY_MS,
  GUARDS,
  GUARDS_LISTED_MAX,
  GUARDS_REACHABLE_MIN,
  SECOND_LAYER,
  SECOND_LIFE_MS,
} from './constants.ts';
import type { Directory } from './directory.ts';
import { openPeers } from './learn.ts';
import { areRelated } from '../wire/related.ts';
import { isPeerId, urlsOf } from './saved-peers.ts';
import { drawWeighted, hopWeight } from './weights.ts';

/** One peer on a guard list, as stored. Times are ms since 1970. */
export interface Guard {
  readonly id: PeerId;
  readonly endsAtMs: number;
  /** How to dial it when no directory can be asked. */
  urls: readonly string[];
  /** Failures in a row while others could be reached, the first and the last of them. */
  failures: number;
  failingSinceMs: number;
  failedAtMs: number;
}

const RECORD_KEY = 'directory/guards';

interface Stored {
  readonly first: Guard[];
  readonly second: Guard[];
}

/**
 * Who knows our address. A list in the order of being drawn, and the first three of it that can be reached are in use; so a
 * guard that was away is used again when it is back, and whoever shuts guards down meets the end of the list.
 */
export class Guards {
  #listed: Stored = { first: [], second: [] };
  /** The list on its way to the store. */
  #saving: Promise<void> | undefined;

  private constructor(
    readonly env: Env,
    readonly directory: Directory,
    readonly store: RecordStore | undefined,
  ) {}

  static async load(env: Env, directory: Directory, store: RecordStore | undefined): Promise<Guards> {
    const guards = new Guards(env, directory, store);
    const bytes = await store?.get(RECORD_KEY);
    if (bytes !== undefined) guards.#listed = parseStored(bytes);
    return guards;
  }

  /** False: guards are drawn anew at each start, which sooner or later meets a hostile one. The user is told. */
  get persistent(): boolean {
    return this.store !== undefined;
  }

  /** Guards to be linked to now, at most GUARDS, none lately failed unless all have. Grows the list when it must. */
  wanted(): readonly Guard[] {
    this.#renew();
    return this.current();
  }

  /** As `wanted`, to be used: what was drawn is stored by then. */
  async inUse(): Promise<readonly Guard[]> {
    const wanted = this.wanted();
    await this.#saving;
    return wanted;
  }

  /** As `inUse`, of those that are listed already. */
  current(): readonly Guard[] {
    const { first } = this.#listed;
    const reachable = first.filter((guard) => !this.#failedLately(guard));
    return (reachable.length > 0 ? reachable : first).slice(0, GUARDS);
  }

  /**
   * Second hops of a service's circuits: as with guards, the first of a list that are there now, so that one which was away is used again
   * when it is back, and whoever shuts them down meets the end of the list.
   */
  async secondLayer(): Promise<readonly Guard[]> {
    this.#renew();
    const { second } = this.#listed;
    const before = second.length;
    while (this.#there().length < SECOND_LAYER && second.length < GUARDS_LISTED_MAX && this.#grow(second, SECOND_LIFE_MS));
    if (second.length !== before) this.#save();
    await this.#saving;
    return this.#there().slice(0, SECOND_LAYER);
  }

  /** Of the second layer those of whom no descriptor is known: to be looked up before others are drawn in their place. */
  missingSecond(): PeerId[] {
    return this.#listed.second.flatMap(({ id }) => (this.directory.get(id) === undefined ? [id] : []));
  }

  #there(): Guard[] {
    return this.#listed.second.filter(({ id }) => this.directory.get(id) !== undefined);
  }

  /** There are some, perhaps fewer than wanted. */
  get drawn(): boolean {
    return this.#listed.first.length > 0;
  }

  isGuard(id: PeerId): boolean {
    return this.#listed.first.some((guard) => guard.id === id);
  }

  async noteLinked(id: PeerId): Promise<void> {
    const guard = this.#find(id);
    if (guard === undefined) return;
    const descriptor = this.directory.get(id);
    const before = JSON.stringify(guard);
    if (descriptor !== undefined) guard.urls = urlsOf(descriptor);
    guard.failures = 0;
    if (JSON.stringify(guard) !== before) this.#save();
    await this.#saving;
  }

  /** A guard could not be reached. `othersReachable`: some other peer could, so that it is not our own network that failed. */
  async noteFailed(id: PeerId, othersReachable: boolean): Promise<void> {
    const guard = this.#find(id);
    if (guard === undefined || !othersReachable) return;
    guard.failedAtMs = this.env.now();
    if (guard.failures === 0) guard.failingSinceMs = this.env.now();
    guard.failures += 1;
    this.#save();
    await this.#saving;
  }

  #find(id: PeerId): Guard | undefined {
    return [...this.#listed.first, ...this.#listed.second].find((guard) => guard.id === id);
  }

  #failedLately(guard: Guard): boolean {
    return guard.failures > 0 && this.env.now() - guard.failedAtMs < GUARD_RETRY_MS;
  }

  #isOver(guard: Guard): boolean {
    const dead = guard.failures >= GUARD_DEAD_FAILURES && this.env.now() - guard.failingSinceMs >= GUARD_DEAD_MS;
    return dead || guard.endsAtMs <= this.env.now() || this.directory.frauds.has(guard.id);
  }

  #renew(): void {
    const { first, second } = this.#listed;
    const before = JSON.stringify(this.#listed);
    const kept: Stored = { first: first.filter((guard) => !this.#isOver(guard)), second: second.filter((guard) => !this.#isOver(guard)) };
    this.#listed = kept;
    while (kept.first.length < GUARDS && this.#grow(kept.first, GUARD_LIFE_MS));
    const lacking = () => kept.first.filter((guard) => !this.#failedLately(guard)).length < GUARDS_REACHABLE_MIN;
    while (lacking() && kept.first.length < GUARDS_LISTED_MAX && this.#grow(kept.first, GUARD_LIFE_MS));
    if (JSON.stringify(this.#listed) !== before) this.#save();
  }

  /**
   * Draws one more: open, never a tab, vouched for, unrelated to all that are listed. Before others those to which our descriptor
   * lists no link, as everybody has read it and sees the link gone from the next one; then stable ones.
   */
  #grow(list: Guard[], life: { from: number; to: number }): boolean {
    const listed = [...this.#listed.first, ...this.#listed.second];
    const taken = listed.flatMap(({ id }) => this.directory.get(id) ?? []);
    const fits = openPeers(this.directory).filter(
      (one) => this.directory.isVouched(one) && !listed.some(({ id }) => id === one.id) && !taken.some((other) => areRelated(one, other)),
    );
    const published = this.directory.own?.links ?? [];
    const quiet = preferring(fits, ({ id }) => !published.includes(id));
    const stable = preferring(quiet, (descriptor) => hasRole(descriptor, ROLE.stable));
    const drawn = drawWeighted(this.env, stable, (descriptor) => hopWeight(this.directory, descriptor));
    if (drawn === undefined) return false;
    const endsAtMs = this.env.now() + life.from + randomBelow(this.env, Math.floor((life.to - life.from) / 1000)) * 1000;
    list.push({ id: drawn.id, endsAtMs, urls: urlsOf(drawn), failures: 0, failingSinceMs: 0, failedAtMs: 0 });
    return true;
  }

  #save(): void {
    const saving = this.store?.set(RECORD_KEY, utf8(JSON.stringify(this.#listed)));
    const forget = (): void => {
      if (this.#saving === saving) this.#saving = undefined;
    };
    this.#saving = saving;
    saving?.then(forget, forget); // a full disk is told to whoever waits for it
  }
}

/** Those that have what is preferred; all when none has. */
function preferring(all: readonly Descriptor[], preferred: (one: Descriptor) => boolean): readonly Descriptor[] {
  const some = all.filter(preferred);
  return some.length > 0 ? some : all;
}

function parseStored(bytes: Uint8Array): Stored {
  try {
    const { first, second } = JSON.parse(fromUtf8(bytes)) as Partial<Record<keyof Stored, unknown>>;
    return { first: parseGuards(first), second: parseGuards(second) };
  } catch {
    return { first: [], second: [] };
  }
}

function parseGuards(list: unknown): Guard[] {
  return Array.isArray(list) ? list.filter(isGuard) : [];
}

function isGuard(value: unknown): value is Guard {
  const { id, urls, ...times } = (value ?? {}) as Partial<Guard>;
  const numbers = [times.endsAtMs, times.failures, times.failingSinceMs, times.failedAtMs];
  return (
    isPeerId(id) && Array.isArray(urls) && urls.every((url) => typeof url === 'string') && numbers.every((time) => typeof time === 'number')
  );
}
