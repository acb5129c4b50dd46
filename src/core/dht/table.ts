import type { PeerId } from '../bytes/brand.ts';
import { equal } from '../bytes/bytes.ts';
import { compareDistance, nearestTo, sharedBits } from '../bytes/distance.ts';
import type { CryptoPort } from '../ports.ts';
import type { Descriptor } from '../wire/descriptor.ts';
import { BUCKET_PEERS, CANDIDATES_MAX, FAILURES_MAX, NEAR_PEERS, PEERS_PER_POSITION } from './constants.ts';
import { storePosition } from './positions.ts';

export interface StorePeer {
  readonly id: PeerId;
  descriptor: Descriptor;
  readonly position: Uint8Array;
  failures: number;
}

/**
 * The store peers that one store peer knows. *Proven* are those that answered when they were dialled, so that they are where their
 * descriptor says: all of the nearest, and some at every distance, the old before the new. *Candidates* are hearsay: an address, and so a
 * place, that nobody has tried; they displace nobody and are passed on to nobody.
 */
export class StoreTable {
  readonly #proven = new Map<PeerId, StorePeer>();
  readonly #candidates = new Map<PeerId, StorePeer>();

  constructor(
    readonly crypto: CryptoPort,
    readonly self: PeerId,
    readonly ownPosition: () => Uint8Array | undefined,
  ) {}

  get size(): number {
    return this.#proven.size;
  }

  /** Takes a descriptor in as a candidate's, or as the newer one of a peer that is known. False: not a store peer. */
  add(descriptor: Descriptor): boolean {
    const position = storePosition(this.crypto, descriptor);
    if (position === undefined || descriptor.id === this.self) return false;
    const known = this.#proven.get(descriptor.id) ?? this.#candidates.get(descriptor.id);
    if (known !== undefined && equal(known.position, position)) {
      if (descriptor.epoch > known.descriptor.epoch) known.descriptor = descriptor;
      return true;
    }
    this.#proven.delete(descriptor.id); // it moved: where it says it is now has to be proved again
    this.#candidates.delete(descriptor.id);
    if (this.#candidates.size >= CANDIDATES_MAX) this.#candidates.delete(this.#candidates.keys().next().value as PeerId);
    this.#candidates.set(descriptor.id, { id: descriptor.id, descriptor, position, failures: 0 });
    return true;
  }

  /** It was dialled and answered: its address is proven. */
  answered(id: PeerId): void {
    const proven = this.#proven.get(id);
    if (proven !== undefined) proven.failures = 0;
    const candidate = this.#candidates.get(id);
    if (candidate === undefined) return;
    this.#candidates.delete(id);
    if (this.#hasRoom(candidate.position)) this.#proven.set(id, candidate);
  }

  failed(id: PeerId): void {
    this.#candidates.delete(id);
    const peer = this.#proven.get(id);
    if (peer !== undefined && ++peer.failures >= FAILURES_MAX) this.#proven.delete(id);
  }

  #hasRoom(position: Uint8Array): boolean {
    const twins = this.peers().filter((peer) => equal(peer.position, position));
    if (twins.length >= PEERS_PER_POSITION) return this.#replaceFailed(twins);
    const own = this.ownPosition();
    if (own === undefined) return this.#proven.size < CANDIDATES_MAX;
    const edge = nearestTo(own, this.#proven.values(), NEAR_PEERS, (peer) => peer.position)[NEAR_PEERS - 1];
    const mates = this.#bucket(own, position);
    if (mates.length < BUCKET_PEERS || edge === undefined) return true;
    if (compareDistance(own, position, edge.position) >= 0) return this.#replaceFailed(mates);
    // Nearer than the edge: what stood there is one of its bucket now, and goes when that is full.
    if (this.#bucket(own, edge.position).length > BUCKET_PEERS) this.#proven.delete(edge.id);
    return true;
  }

  #bucket(own: Uint8Array, position: Uint8Array): StorePeer[] {
    const bits = sharedBits(own, position);
    return this.peers().filter((peer) => sharedBits(own, peer.position) === bits);
  }

  #replaceFailed(peers: readonly StorePeer[]): boolean {
    const failed = peers.find((peer) => peer.failures > 0);
    return failed !== undefined && this.#proven.delete(failed.id);
  }

  dropExpired(nowMs: number): void {
    for (const peers of [this.#proven, this.#candidates]) {
      for (const peer of peers.values()) if (peer.descriptor.validUntilMs <= nowMs) peers.delete(peer.id);
    }
  }

  peers(): readonly StorePeer[] {
    return [...this.#proven.values()];
  }

  candidates(): readonly StorePeer[] {
    return [...this.#candidates.values()];
  }

  /** Whom to ask and to name: the proven; while they are few, the candidates with them. */
  descriptors(): Descriptor[] {
    const peers = this.#proven.size >= NEAR_PEERS ? this.peers() : [...this.peers(), ...this.candidates()];
    return peers.map(({ descriptor }) => descriptor);
  }
}

/** The nearest store peers to `target`, nearest first, at most one of each prefix; who is no store peer is left out. */
export function nearestStores(crypto: CryptoPort, target: Uint8Array, descriptors: readonly Descriptor[], count: number): Descriptor[] {
  const placed = descriptors.flatMap((descriptor) => {
    const position = storePosition(crypto, descriptor);
    return position === undefined ? [] : [{ descriptor, position }];
  });
  const taken = new Map<string, Descriptor>();
  for (const { descriptor } of nearestTo(target, placed, placed.length, ({ position }) => position)) {
    if (taken.size >= count) break;
    const group = descriptor.netGroup as string;
    if (!taken.has(group)) taken.set(group, descriptor);
  }
  return [...taken.values()];
}
