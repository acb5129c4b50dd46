import type { PeerId } from '../bytes/brand.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import {
  choosePath,
  type Directory,
  type DirectoryAccess,
  type Guards,
  learnRelays,
  linkExists,
  lookUpPeers,
  type PathWish,
} from '../directory/index.ts';
import type { Env } from '../env.ts';
import type { Links } from '../link/index.ts';
import type { LastHop, Link, PathGroup } from '../ports.ts';
import { type Descriptor, hasRole } from '../wire/descriptor.ts';
import { type ExitTarget, mayOpen, readExitSummary } from '../wire/exit.ts';
import { areRelated } from '../wire/related.ts';
import { ROLE } from '../wire/registry.ts';
import type { Ways } from './circuits.ts';
import { EXITS_LOOK_UP_MS, GUARD_REST_MS, HOPS, SECOND_LAYER_LEAST, SECOND_LOOK_UP_MS } from './constants.ts';
import { dialTarget } from './dialling.ts';
import { leftOut, Suspects } from './suspects.ts';

export interface WaysOptions {
  readonly env: Env;
  readonly directory: Directory;
  readonly guards: Guards;
  readonly links: Links;
  /** An open relay's own circuits may begin on any link: everybody knows where it is. */
  readonly isOpen: boolean;
  readonly access: () => DirectoryAccess;
}

/** One hop of a path as the user gave it: this peer, or any that the rules allow. */
export type HopWish = PeerId | 'rand';
/** Whether a peer will do at its place. */
export type Fits = (descriptor: Descriptor) => boolean;

/** Paths and links, as the directory and the guards allow them. */
export class NetworkWays implements Ways {
  #lookedUpAt = Number.NEGATIVE_INFINITY;
  #exitsAskedAt = Number.NEGATIVE_INFINITY;
  /** When a circuit last began by a guard, the latest last. */
  readonly #begunMs = new Map<PeerId, number>();

  readonly suspects: Suspects;

  constructor(private readonly options: WaysOptions) {
    this.suspects = new Suspects(options.env);
  }

  async choosePath(last: Descriptor | undefined, layered: boolean, isolation = '', group?: PathGroup): Promise<Descriptor[]> {
    if (last !== undefined) group?.set(isolation, [last.id]); // for those who choose meanwhile
    const guards = await this.#firstHops();
    const second = layered ? await this.#secondLayer() : [];
    const wish = {
      hops: last === undefined ? HOPS : HOPS + 1,
      guards,
      ...(last === undefined ? {} : { last }),
      // In a network too small to fill the layer it would leave no choice of paths.
      ...(second.length < SECOND_LAYER_LEAST ? {} : { second: second.map(({ id }) => id) }),
    };
    const path = firstOf(leftOut(this.suspects, guards, isolation, group), (exclude) => this.#draw({ ...wish, exclude }));
    group?.set(
      isolation,
      path.map(({ id }) => id),
    );
    return path;
  }

  /**
   * Through these hops, by the user's own choice; between them drawn ones. A named first hop stands in for a guard.
   * @param lastFits whether the last hop, drawn or named, will do: an exit.
   * @param without not drawn where there is a choice.
   * @throws GlobalNetError `unknown` | `unverified` | `unreachable` | `refused` (the last one will not do), saying which hop.
   */
  async chooseNamed(hops: readonly HopWish[], lastFits: Fits, without: ReadonlySet<PeerId> = new Set()): Promise<Descriptor[]> {
    const { directory, access } = this.options;
    // Its own link is witness enough for a first hop, as for a guard.
    const held = (id: PeerId, place: number) => directory.vouched(id) ?? (place === 0 ? directory.get(id) : undefined);
    const missing = hops.filter((hop, place): hop is PeerId => hop !== 'rand' && held(hop, place) === undefined);
    if (missing.length > 0) await lookUpPeers({ ...access(), via: 'circuit' }, missing);
    const named = hops.map((hop, place) => (hop === 'rand' ? undefined : (held(hop, place) ?? this.#complain(hop, place))));
    for (const [place, hop] of named.entries()) {
      const before = named[place - 1];
      if (before !== undefined && hop !== undefined && !linkExists(before, hop))
        throw new GlobalNetError('unreachable', `hop ${place + 1}, ${hop.id}, cannot be dialled, and lists no link to hop ${place}`);
    }
    const last = named.at(-1);
    if (last === undefined) await this.#untilExit(lastFits);
    else if (!lastFits(last)) throw new GlobalNetError('refused', `hop ${hops.length}, ${last.id}, is no exit, or not one for that`);
    const guards = hops[0] === 'rand' ? await this.#firstHops() : [];
    return firstOf([without, new Set<PeerId>()], (exclude) => this.#draw({ hops: hops.length, guards, named, lastFits, exclude }));
  }

  #complain(hop: PeerId, place: number): never {
    if (this.options.directory.get(hop) === undefined)
      throw new GlobalNetError('unknown', `hop ${place + 1}: nobody knows a peer ${hop} now`);
    throw new GlobalNetError('unverified', `hop ${place + 1}: no two unrelated peers have named the keys of ${hop}`);
  }

  /**
   * To an exit whose summary says that it may open this: guard, middle, exit. None of `exclude` is among them: an exit that is gone is no middle either.
   * @param mayAsk others for exits, where none is known that will do.
   * @throws GlobalNetError `unreachable`.
   */
  async chooseExitPath(target: ExitTarget, exclude: ReadonlySet<PeerId>, mayAsk = true): Promise<Descriptor[]> {
    const lastFits: Fits = (one) => !exclude.has(one.id) && isExitFor(one, target);
    if (mayAsk) await this.#untilExit(lastFits);
    return this.#draw({ hops: HOPS, guards: await this.#firstHops(), lastFits, exclude });
  }

  #draw(wish: Omit<PathWish, 'lately'>): Descriptor[] {
    const { env, directory } = this.options;
    for (const [guard, ms] of this.#begunMs) if (env.now() - ms >= GUARD_REST_MS) this.#begunMs.delete(guard);
    const path = choosePath(env, directory, { ...wish, lately: [...this.#begunMs.keys()] });
    const [first] = path;
    if (first === undefined) return path;
    this.#begunMs.delete(first.id); // the latest is last
    this.#begunMs.set(first.id, env.now());
    return path;
  }

  /** @throws GlobalNetError `unreachable`. */
  async #untilExit(fits: Fits): Promise<void> {
    const isKnown = (): boolean => [...this.options.directory.relays()].some(({ descriptor }) => fits(descriptor));
    if (!isKnown()) await this.#learnExits();
    if (!isKnown()) throw new GlobalNetError('unreachable', 'no exit is known that opens connections to such an address and port');
  }

  /** Exits are few among the relays that a peer happens to know. */
  async #learnExits(): Promise<void> {
    const { env, access } = this.options;
    if (env.now() - this.#exitsAskedAt < EXITS_LOOK_UP_MS) return;
    this.#exitsAskedAt = env.now();
    await learnRelays({ ...access(), roles: ROLE.open | ROLE.exit });
  }

  /** Guards further down the list stand in for those in use, and are no first hops when these are back. */
  async #firstHops(): Promise<PeerId[]> {
    const { guards, links, isOpen } = this.options;
    const inUse = isOpen ? undefined : (await guards.inUse()).map(({ id }) => id);
    return links.all().flatMap(({ peer }) => (inUse?.includes(peer) === false ? [] : [peer]));
  }

  /** Members met in an earlier run, or in an earlier epoch, are looked up before any other takes their place. */
  async #secondLayer(): Promise<readonly { id: PeerId }[]> {
    const { env, guards, access } = this.options;
    const missing = guards.missingSecond();
    if (missing.length > 0 && env.now() - this.#lookedUpAt >= SECOND_LOOK_UP_MS) {
      this.#lookedUpAt = env.now();
      await lookUpPeers({ ...access(), via: 'circuit' }, missing);
    }
    return guards.secondLayer();
  }

  mayFollow(hops: readonly Descriptor[], last: Descriptor): boolean {
    return hasRole(last, ROLE.open) && hops.every((hop) => !areRelated(hop, last));
  }

  usable({ peer, descriptorHash }: LastHop): Descriptor {
    const { directory } = this.options;
    const named = descriptorHash && directory.byHash(descriptorHash);
    const descriptor = directory.vouched(peer) ?? (named?.id === peer ? named : undefined);
    if (descriptor === undefined) throw new GlobalNetError('unverified', `no two unrelated peers have named the keys of ${peer}`);
    return descriptor;
  }

  /** @throws GlobalNetError `unknown`. */
  known(peer: PeerId): Descriptor {
    const descriptor = this.options.directory.get(peer);
    if (descriptor === undefined) throw new GlobalNetError('unknown', `no descriptor of ${peer} is known`);
    return descriptor;
  }

  linkTo(peer: PeerId): Promise<Link> {
    return this.options.links.linkTo(dialTarget(this.known(peer)));
  }

  /** For a circuit of others that is to go on to a peer we hold no link to. */
  async dialForOthers(peer: PeerId): Promise<Link | undefined> {
    const { directory, access, links } = this.options;
    // No peer knows all: those nearest to the id do.
    if (directory.get(peer) === undefined) await lookUpPeers({ ...access(), via: 'link' }, [peer]);
    const descriptor = directory.get(peer);
    if (descriptor === undefined || !hasRole(descriptor, ROLE.open)) return undefined;
    return links.linkTo(dialTarget(descriptor)).catch(() => undefined);
  }

  onBuildFailed(hops: readonly PeerId[]): void {
    const { directory } = this.options;
    for (const hop of hops) directory.flag(hop, directory.known(hop)?.open === false ? 'tabCircuitFailed' : 'circuitFailed');
  }
}

/** What the first of these leads to. @throws what the last one fails with. */
function firstOf<Wish, Found>(wishes: readonly Wish[], find: (wish: Wish) => Found): Found {
  let failure: unknown;
  for (const wish of wishes) {
    try {
      return find(wish);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** Whether a peer is an exit that says it may open this. */
export function isExitFor(descriptor: Descriptor, target: ExitTarget): boolean {
  if (!hasRole(descriptor, ROLE.open | ROLE.exit)) return false;
  const summary = readExitSummary(descriptor.extension);
  return summary !== undefined && mayOpen(summary, target);
}
