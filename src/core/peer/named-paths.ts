import type { PeerId } from '../bytes/brand.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import { PEER_ID_LETTERS } from '../crypto/identity.ts';
import { type DirectoryAccess, isPeerId, lookUpPrefix } from '../directory/index.ts';
import type { StreamStats } from '../stream/index.ts';
import type { Descriptor } from '../wire/descriptor.ts';
import type { Circuits } from './circuits.ts';
import { Exits, type ExitsOptions } from './exits.ts';
import { PathSession } from './path-session.ts';
import { type Fits, type HopWish, isExitFor, type NetworkWays } from './ways.ts';

export interface NamedPathsOptions {
  readonly ways: Pick<NetworkWays, 'chooseNamed' | 'linkTo'>;
  readonly circuits: Pick<Circuits, 'openAlong'>;
  access(): DirectoryAccess;
  /** @throws GlobalNetError when joining failed. */
  ready(): Promise<void>;
}

/** A path as the user gave it, looked up. */
export interface NamedPath {
  readonly hops: readonly HopWish[];
  /** One that keeps to all rules and could be built now; what is not named is drawn anew for each circuit. */
  readonly example: readonly Descriptor[];
}

/**
 * Circuits through hops that the user named, in that order. What that gives up (no guard where the first is named, circuits that look alike
 * to who knows the names) is the user's to weigh: docs/decisions/tunnels.md.
 */
export class NamedPaths {
  readonly #sessions = new Set<PathSession>();
  readonly #exits = new Set<Exits>();

  constructor(private readonly options: NamedPathsOptions) {}

  /**
   * Finds the peers that are meant, and sees whether a path through them can be had.
   * @param hops whole peer ids, their first letters, or `rand`.
   * @param lastFits whether the last hop, drawn or named, will do.
   * @throws GlobalNetError `malformed` (not one peer, or one twice), `unknown`, `unverified`, `unreachable`, `refused` (the last will not do), naming the hop; why joining failed.
   */
  async find(hops: readonly string[], lastFits: Fits): Promise<NamedPath> {
    await this.options.ready();
    const wishes: HopWish[] = [];
    for (const [place, letters] of hops.entries()) {
      const hop = letters === 'rand' ? 'rand' : await this.#peerOf(letters, place);
      const before = hop === 'rand' ? -1 : wishes.indexOf(hop);
      if (before >= 0) throw new GlobalNetError('malformed', `hop ${place + 1}, '${letters}', is the same peer as hop ${before + 1}`);
      wishes.push(hop);
    }
    const example = await this.options.ways.chooseNamed(wishes, lastFits);
    const [first] = wishes;
    if (first !== undefined && first !== 'rand') await this.#linkFirst(first);
    return { hops: wishes, example };
  }

  /** Streams to the last hop of such a path. `purpose` is for the panel. */
  session({ hops }: NamedPath, lastFits: Fits, purpose: string): PathSession {
    const { ways, circuits, access } = this.options;
    const isFixed = hops.every((hop) => hop !== 'rand');
    const session = new PathSession(access().env, (early, signal) => {
      // Of a try that failed: which hop it was is not known.
      const drawn = new Set<PeerId>();
      const choose = async (): Promise<readonly Descriptor[]> => {
        const path = await ways.chooseNamed(hops, lastFits, drawn);
        for (const [place, { id }] of path.entries()) if (place > 0 && hops[place] === 'rand') drawn.add(id);
        return path;
      };
      return circuits.openAlong(choose, early, purpose, signal, { flagsHops: false, isFixed });
    });
    this.#forgetClosed();
    this.#sessions.add(session);
    return session;
  }

  /** Of all that these paths carry now. */
  get streamStats(): StreamStats[] {
    this.#forgetClosed();
    return [...this.#sessions, ...this.#exits].flatMap(({ streamStats }) => streamStats);
  }

  #forgetClosed(): void {
    for (const session of this.#sessions) if (session.closed) this.#sessions.delete(session);
    for (const exits of this.#exits) if (exits.stopped) this.#exits.delete(exits);
  }

  /** Connections to the clear network along such paths; the caller stops them. */
  exits({ hops }: NamedPath): Exits {
    const { ways, circuits, access, ready } = this.options;
    const openAlong: Circuits['openAlong'] = (choose, early, purpose, signal, policy) =>
      circuits.openAlong(choose, early, purpose, signal, { ...policy, flagsHops: false });
    const choosePath: ExitsOptions['choosePath'] = (target, exclude) =>
      ways.chooseNamed(hops, (one) => !exclude.has(one.id) && isExitFor(one, target));
    const exits = new Exits({ env: access().env, circuits: { openAlong }, choosePath, ready });
    this.#forgetClosed();
    this.#exits.add(exits);
    return exits;
  }

  async #peerOf(letters: string, place: number): Promise<PeerId> {
    if (letters.length === PEER_ID_LETTERS && isPeerId(letters)) return letters;
    if (this.#beginningWith(letters).length === 0) await lookUpPrefix({ ...this.options.access(), via: 'circuit' }, letters);
    const [found, ...others] = this.#beginningWith(letters);
    if (found === undefined) {
      const advice = 'look at its letters once more, or give the whole peer id';
      throw new GlobalNetError('unknown', `hop ${place + 1}: no peer is known whose id begins with '${letters}': ${advice}`);
    }
    if (others.length > 0) {
      const names = [found, ...others].slice(0, 3).join(', ');
      throw new GlobalNetError('malformed', `hop ${place + 1}: '${letters}' begins several peer ids (${names}): give more letters`);
    }
    return found;
  }

  #beginningWith(letters: string): PeerId[] {
    return [...this.options.access().directory.all()].flatMap(({ id }) => (id.startsWith(letters) ? [id] : []));
  }

  async #linkFirst(first: PeerId): Promise<void> {
    try {
      await this.options.ways.linkTo(first);
    } catch (error) {
      throw new GlobalNetError('unreachable', `hop 1, ${first}, cannot be linked to: ${(error as Error).message}`, { cause: error });
    }
  }
}
