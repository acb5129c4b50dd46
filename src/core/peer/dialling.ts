import type { PeerId } from '../bytes/brand.ts';
import type { Directory } from '../directory/index.ts';
import { type Env, sleep } from '../env.ts';
import type { Links } from '../link/index.ts';
import type { DialTarget, Link } from '../ports.ts';
import type { Descriptor } from '../wire/descriptor.ts';
import { ipText, websocketUrl } from '../wire/peer-address.ts';
import { DESCRIPTOR_WAIT_MS } from './constants.ts';

export interface DiallingOptions {
  readonly env: Env;
  readonly links: Links;
  readonly directory: Directory;
  readonly bootstraps: readonly DialTarget[];
}

/** Dials peers and gets to know them, and remembers of bootstraps who answered, and why one did not. */
export class Dialling {
  readonly #waiting = new Map<PeerId, Set<() => void>>();
  /** By URL, for who wonders why nobody answers. */
  readonly #failures = new Map<string, string>();
  /** Who answered at a bootstrap's address, where that is all that was known. */
  readonly #answeredAt = new Map<string, PeerId>();

  constructor(private readonly options: DiallingOptions) {}

  /** A link whose peer's descriptor is known, when it has one to give; undefined where none could be had. */
  async link(target: DialTarget): Promise<Link | undefined> {
    const { env, links, bootstraps } = this.options;
    try {
      const link = await links.linkTo(target);
      if (target.peer === undefined && target.url !== undefined) this.#answeredAt.set(target.url, link.peer);
      await this.#whenKnown(link.peer);
      return link;
    } catch (error) {
      const why = (error as Error).message;
      if (target.url !== undefined && bootstraps.some(({ url }) => url === target.url)) this.#failures.set(target.url, why);
      env.log('info', 'joining', `${target.url ?? target.peer}: ${why}`);
      return undefined;
    }
  }

  isLinked({ peer, url = '' }: DialTarget): boolean {
    const id = peer ?? this.#answeredAt.get(url);
    return id !== undefined && this.options.links.get(id) !== undefined;
  }

  /** Why bootstraps did not answer, each reason once. */
  get failures(): string[] {
    const whys = this.options.bootstraps.map(({ url = '' }) => this.#failures.get(url)).filter((why) => why !== undefined);
    return [...new Set(whys)];
  }

  /** A descriptor came by a link. */
  onDescriptor(peer: PeerId): void {
    for (const known of this.#waiting.get(peer) ?? []) known();
    this.#waiting.delete(peer);
  }

  async #whenKnown(peer: PeerId): Promise<void> {
    if (this.options.directory.get(peer) !== undefined) return;
    const known = new Promise<void>((resolve) => this.#waiting.set(peer, (this.#waiting.get(peer) ?? new Set()).add(resolve)));
    await Promise.race([known, sleep(this.options.env, DESCRIPTOR_WAIT_MS)]);
    this.#waiting.delete(peer); // of those who wait for the same the last has come in the same round
  }
}

/** Where a peer's descriptor says it can be dialled; by offers through the mesh when it cannot. */
export function dialTarget({ id, addresses }: Descriptor): DialTarget {
  const address = addresses.find((one) => one.kind === 'websocket');
  if (address?.kind !== 'websocket') return { peer: id, url: undefined };
  return { peer: id, url: websocketUrl(address), ip: ipText(address.ip) };
}
