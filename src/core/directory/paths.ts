import type { PeerId } from '../bytes/brand.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import type { Env } from '../env.ts';
import { type Descriptor, hasRole } from '../wire/descriptor.ts';
import { MAX_HOPS } from '../wire/geometry.ts';
import { ROLE } from '../wire/registry.ts';
import { GUARD_LATELY_WEIGHT, LINKED_TAB_BOOST, PATH_STEPS_MAX } from './constants.ts';
import type { Directory } from './directory.ts';
import { areRelated } from '../wire/related.ts';
import { drawWeighted, hopWeight } from './weights.ts';

export interface PathWish {
  /** All hops, the last included: 1 to MAX_HOPS. */
  readonly hops: number;
  /** First hops: guards that we hold a link to now. */
  readonly guards: readonly PeerId[];
  /** Those of the guards by which another circuit began moments ago, the latest last: drawn where no other fits, and seldom else. */
  readonly lately?: readonly PeerId[];
  /** The last hop, where it is given: a rendezvous point, a peer to ask. Needs a current descriptor; that it is vouched for, or named by
   * a signed record with its hash, is the caller's to see to. */
  readonly last?: Descriptor;
  /** Hops that the user named, by their place; keys as for `last`. Undefined: drawn. */
  readonly named?: readonly (Descriptor | undefined)[];
  /** What a last hop drawn at random must be able to do. */
  readonly lastFits?: (descriptor: Descriptor) => boolean;
  /** Second hops are drawn from these alone: a service's second layer. */
  readonly second?: readonly PeerId[];
  readonly exclude?: ReadonlySet<PeerId>;
}

/** A hop `b` fits behind `a` without waiting: it can be dialled, or it lists a link to `a` (descriptors list links to open peers alone). */
export function linkExists(a: Descriptor, b: Descriptor): boolean {
  return hasRole(b, ROLE.open) || b.links.includes(a.id);
}

/**
 * Hops for one circuit. In order: the last (it meets the fewest choices, and is drawn from all), the first from the guards, then the middle
 * from the front, each at random among those that fit; a dead end takes back the newest draw. The rules hold for every path:
 *
 *   1. the first hop is one of `guards`;
 *   2. no two hops are related (same id, published prefix or operator), none is ours or excluded;
 *   3. behind each hop stands one it holds a link to, or one that can be dialled;
 *   4. hops that are neither guards nor given are vouched for.
 *
 * Named hops are the user's own choice: rule 1 does not hold for them, and rule 2 not between two of them, but no peer comes twice.
 *
 * @throws RangeError for a number of hops no circuit has; GlobalNetError `unreachable`, saying what is missing.
 */
export function choosePath(env: Env, directory: Directory, wish: PathWish): Descriptor[] {
  if (!(wish.hops >= 1 && wish.hops <= MAX_HOPS)) throw new RangeError(`a path of ${wish.hops} hops: wanted 1 to ${MAX_HOPS}`);
  const search = new PathSearch(env, directory, wish);
  const path = search.run();
  if (path === undefined) throw new GlobalNetError('unreachable', search.whyNot());
  return path;
}

class PathSearch {
  readonly #guards: readonly Descriptor[];
  readonly #relays: readonly Descriptor[];
  readonly #weights = new Map<Descriptor, number>();
  readonly #path: (Descriptor | undefined)[];
  /** Hops that are not drawn. */
  readonly #given: readonly (Descriptor | undefined)[];
  #steps = 0;

  constructor(
    readonly env: Env,
    readonly directory: Directory,
    readonly wish: PathWish,
  ) {
    const allowed = (descriptor: Descriptor) => descriptor.id !== directory.options.self && wish.exclude?.has(descriptor.id) !== true;
    // Its own link is witness enough for a guard: other keys shown to us alone tell it nothing that the link does not.
    this.#guards = wish.guards.flatMap((id) => directory.vouched(id) ?? directory.get(id) ?? []).filter(allowed);
    this.#relays = [...directory.relays()].map(({ descriptor }) => descriptor).filter(allowed);
    this.#path = new Array<Descriptor | undefined>(wish.hops).fill(undefined);
    this.#given = this.#path.map((_, slot) => wish.named?.[slot] ?? (slot === wish.hops - 1 ? wish.last : undefined));
  }

  run(): Descriptor[] | undefined {
    const last = this.wish.hops - 1;
    const slots = [last, ...Array.from({ length: last }, (_, index) => index)];
    const order = [...slots.filter((slot) => this.#isGiven(slot)), ...slots.filter((slot) => !this.#isGiven(slot))];
    return this.#place(order, 0) ? (this.#path as Descriptor[]) : undefined;
  }

  /** Draws the hop at `order[depth]` and all behind it; false when none of the candidates leads to a path. */
  #place(order: readonly number[], depth: number): boolean {
    const slot = order[depth];
    if (slot === undefined) return true;
    let candidates = this.#candidates(slot).filter((candidate) => this.#fits(slot, candidate));
    while (candidates.length > 0 && this.#steps++ < PATH_STEPS_MAX) {
      const drawn = drawWeighted(this.env, candidates, (candidate) => this.#weight(slot, candidate)) as Descriptor;
      this.#path[slot] = drawn;
      if (this.#place(order, depth + 1)) return true;
      this.#path[slot] = undefined;
      candidates = candidates.filter((candidate) => candidate !== drawn);
    }
    return false;
  }

  #candidates(slot: number): readonly Descriptor[] {
    const { lastFits = () => true, second, hops } = this.wish;
    const given = this.#given[slot];
    if (given !== undefined) return [given];
    if (slot === 0) return this.#guards.filter((guard) => hops > 1 || lastFits(guard));
    if (slot === hops - 1) return this.#relays.filter(lastFits);
    if (slot === 1 && second !== undefined) return this.#relays.filter((relay) => second.includes(relay.id));
    return this.#relays;
  }

  #fits(slot: number, candidate: Descriptor): boolean {
    const before = this.#path[slot - 1];
    const behind = this.#path[slot + 1];
    // Links first: few tabs pass, and the rest is spared the other rules.
    if (before !== undefined && !linkExists(before, candidate)) return false;
    if (behind !== undefined && !linkExists(candidate, behind)) return false;
    if (slot === 0 && !this.#isNamed(0) && !this.#guards.some((guard) => guard.id === candidate.id)) return false;
    return !this.#path.some((hop, other) => hop !== undefined && this.#clash(slot, candidate, other, hop));
  }

  #clash(slot: number, candidate: Descriptor, other: number, hop: Descriptor): boolean {
    return this.#isNamed(slot) && this.#isNamed(other) ? candidate.id === hop.id : areRelated(hop, candidate);
  }

  #isGiven(slot: number): boolean {
    return this.#given[slot] !== undefined;
  }

  #isNamed(slot: number): boolean {
    return this.wish.named?.[slot] !== undefined;
  }

  #weight(slot: number, candidate: Descriptor): number {
    let weight = this.#weights.get(candidate);
    if (weight === undefined) this.#weights.set(candidate, (weight = hopWeight(this.directory, candidate)));
    if (slot === 0) return weight * GUARD_LATELY_WEIGHT ** (1 + (this.wish.lately ?? []).indexOf(candidate.id));
    const middle = slot > 0 && slot < this.wish.hops - 1;
    return middle && !hasRole(candidate, ROLE.open) ? weight * LINKED_TAB_BOOST : weight;
  }

  whyNot(): string {
    const { hops, last, guards } = this.wish;
    if (this.#guards.length === 0 && !this.#isNamed(0))
      return guards.length === 0
        ? 'no path: no guard is linked; wait for a link, or try other bootstraps'
        : 'no path: no descriptor of a linked guard is known yet';
    if (this.wish.named?.some((hop) => hop !== undefined))
      return `no path of ${hops} hops through the peers that were named: they are not linked to each other, or none of the ${this.#relays.length} relays known fits between them`;
    const ends = last === undefined ? 'any last hop that would do' : `the last hop ${last.id}`;
    return `no path of ${hops} hops to ${ends}: ${this.#guards.length} guards and ${this.#relays.length} relays that two unrelated peers vouch for do not make one; too few, of one owner, or without links to each other`;
  }
}
