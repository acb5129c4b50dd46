import type { PeerId } from '../bytes/brand.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import { choosePath, type Directory, type DirectoryAccess, type Guards, lookUpPeers } from '../directory/index.ts';
import type { Env } from '../env.ts';
import type { Links } from '../link/index.ts';
import type { LastHop, Link } from '../ports.ts';
import { type Descriptor, hasRole } from '../wire/descriptor.ts';
import { areRelated } from '../wire/related.ts';
import { ROLE } from '../wire/registry.ts';
import type { Ways } from './circuits.ts';
import { HOPS, SECOND_LAYER_LEAST, SECOND_LOOK_UP_MS } from './constants.ts';
import { dialTarget } from './membership.ts';

export interface WaysOptions {
  readonly env: Env;
  readonly directory: Directory;
  readonly guards: Guards;
  readonly links: Links;
  /** An open relay's own circuits may begin on any link: everybody knows where it is. */
  readonly isOpen: boolean;
  readonly access: () => DirectoryAccess;
}

/** Paths and links, as the directory and the guards allow them. */
export class NetworkWays implements Ways {
  #lookedUpAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: WaysOptions) {}

  async choosePath(last: Descriptor | undefined, layered: boolean): Promise<Descriptor[]> {
    const { env, directory, guards, links, isOpen } = this.options;
    // Guards further down the list stand in for those in use, and are no first hops when these are back.
    const inUse = isOpen ? undefined : (await guards.inUse()).map(({ id }) => id);
    const first = links.all().flatMap(({ peer }) => (inUse?.includes(peer) === false ? [] : [peer]));
    const second = layered ? await this.#secondLayer() : [];
    return choosePath(env, directory, {
      hops: last === undefined ? HOPS : HOPS + 1,
      guards: first,
      ...(last === undefined ? {} : { last }),
      // In a network too small to fill the layer it would leave no choice of paths.
      ...(second.length < SECOND_LAYER_LEAST ? {} : { second: second.map(({ id }) => id) }),
    });
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
    for (const hop of hops) this.options.directory.flag(hop, 'circuitFailed');
  }
}
