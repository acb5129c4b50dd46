import type { PeerId } from '../bytes/brand.ts';
import { equal } from '../bytes/bytes.ts';
import { compareDistance, nearestTo, sharedBits } from '../bytes/distance.ts';
import type { CryptoPort } from '../ports.ts';
import type { Descriptor } from '../wire/descriptor.ts';
import { BUCKET_PEERS, FAILURES_MAX, NEAR_PEERS, PEERS_PER_POSITION } from './constants.ts';
import { storePosition } from './positions.ts';

export interface StorePeer {
  readonly id: PeerId;
  descriptor: Descriptor;
  readonly position: Uint8Array;
  failures: number;
}

/**
 * The store peers that one store peer knows, kept as greedy routing needs them: all of the nearest, and some at every distance.
 * Old ones stay, as they are likelier to be there tomorrow; newcomers take the places of those that failed.
 */
export class StoreTable {
  readonly #peers = new Map<PeerId, StorePeer>();

  constructor(
    readonly crypto: CryptoPort,
    readonly self: PeerId,
    readonly ownPosition: () => Uint8Array | undefined,
  ) {}

  get size(): number {
    return this.#peers.size;
  }

  /** Takes a descriptor or a newer one of a peer that is known. False: not a store peer, or no room. */
  add(descriptor: Descriptor): boolean {
    const position = storePosition(this.crypto, descriptor);
    if (position === undefined || descriptor.id === this.self) return false;
    const known = this.#peers.get(descriptor.id);
    if (known !== undefined && equal(known.position, position)) {
      if (descriptor.epoch > known.descriptor.epoch) known.descriptor = descriptor;
      return true;
    }
    if (known !== undefined) this.#peers.delete(descriptor.id); // it moved: its place in the table is not kept for it
    if (!this.#makeRoom(position)) return false;
    this.#peers.set(descriptor.id, { id: descriptor.id, descriptor, position, failures: 0 });
    return true;
  }

  #makeRoom(position: Uint8Array): boolean {
    const twins = [...this.#peers.values()].filter((peer) => equal(peer.position, position));
    if (twins.length >= PEERS_PER_POSITION) return this.#replaceFailed(twins);
    const own = this.ownPosition();
    if (own === undefined) return true;
    const near = nearestTo(own, this.#peers.values(), NEAR_PEERS, (peer) => peer.position);
    const edge = near[NEAR_PEERS - 1];
    if (edge === undefined || compareDistance(own, position, edge.position) < 0) return true;
    const bucket = sharedBits(own, position);
    const mates = [...this.#peers.values()].filter((peer) => sharedBits(own, peer.position) === bucket);
    return mates.length < BUCKET_PEERS || this.#replaceFailed(mates);
  }

  #replaceFailed(peers: readonly StorePeer[]): boolean {
    const failed = peers.find((peer) => peer.failures > 0);
    return failed !== undefined && this.#peers.delete(failed.id);
  }

  answered(id: PeerId): void {
    const peer = this.#peers.get(id);
    if (peer !== undefined) peer.failures = 0;
  }

  failed(id: PeerId): void {
    const peer = this.#peers.get(id);
    if (peer !== undefined && ++peer.failures >= FAILURES_MAX) this.#peers.delete(id);
  }

  dropExpired(nowMs: number): void {
    for (const peer of this.#peers.values()) if (peer.descriptor.validUntilMs <= nowMs) this.#peers.delete(peer.id);
  }

  peers(): readonly StorePeer[] {
    return [...this.#peers.values()];
  }

  descriptors(): Descriptor[] {
    return this.peers().map(({ descriptor }) => descriptor);
  }
}

/** The nearest store peers to `target`, nearest first, at most one of each published prefix; who is no store peer is left out. */
export function nearestStores(crypto: CryptoPort, target: Uint8Array, descriptors: readonly Descriptor[], count: number): Descriptor[] {
  const placed = descriptors.flatMap((descriptor) => {
    const position = storePosition(crypto, descriptor);
    return position === undefined ? [] : [{ descriptor, position }];
  });
  const taken: Descriptor[] = [];
  const groups = new Set<string>();
  for (const { descriptor } of nearestTo(target, placed, placed.length, ({ position }) => position)) {
    if (taken.length >= count) break;
    if (taken.some(({ id }) => id === descriptor.id) || descriptor.netGroups.some((group) => groups.has(group))) continue;
    for (const group of descriptor.netGroups) groups.add(group);
    taken.push(descriptor);
  }
  return taken;
}
