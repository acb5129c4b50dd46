import type { PeerId } from '../bytes/brand.ts';
import { equal, hex } from '../bytes/bytes.ts';
import { peerIdBytes } from '../crypto/identity.ts';
import { type Env, randomBelow } from '../env.ts';
import { type Descriptor, epochAt, type FraudProof, fraudProof, hasRole, isCurrent, verifyDescriptor } from '../wire/descriptor.ts';
import { isPrivateIp } from '../wire/peer-address.ts';
import { DESCRIPTOR_EPOCHS, ROLE } from '../wire/registry.ts';
import { EVICT_SHARE, type Flag, REMEMBER_MS, TABLE_CAPACITY, VOUCHERS_WANTED } from './constants.ts';
import { nearestTo } from '../bytes/distance.ts';
import { Frauds } from './frauds.ts';
import { type Known, newKnown, raiseFlag } from './known.ts';
import { Vouching } from './vouching.ts';

export interface DirectoryOptions {
  /** Ours: never offered as a hop. */
  readonly self?: PeerId;
  readonly capacity?: number;
  readonly vouchersWanted?: number;
  /** Open peers on private addresses are taken. For a network inside one machine or house; elsewhere they escape the prefix rule. */
  readonly privateAddresses?: boolean;
  /** A peer was convicted: for passing on, and for closing links to it. */
  readonly onFraud?: (id: PeerId, proof: FraudProof) => void;
}

export type AddResult = 'new' | 'known' | 'refused' | 'fraud';

/** The table of known descriptors: bounded, and nothing in it that was not verified. */
export class Directory {
  readonly #known = new Map<PeerId, Known>();
  readonly #byHash = new Map<string, Descriptor>();
  readonly #vouching: Vouching;
  readonly frauds: Frauds;
  #prunedEpoch = 0;
  #own: Descriptor | undefined;

  constructor(
    readonly env: Env,
    readonly options: DirectoryOptions = {},
  ) {
    this.frauds = new Frauds(env.crypto);
    this.#vouching = new Vouching(4 * this.capacity);
  }

  get capacity(): number {
    return this.options.capacity ?? TABLE_CAPACITY;
  }

  /** Peers with a current descriptor. */
  get size(): number {
    let count = 0;
    for (const known of this.#known.values()) if (this.#current(known) !== undefined) count++;
    return count;
  }

  /** Our own descriptor, which we give out with the others. */
  get own(): Descriptor | undefined {
    return this.#own !== undefined && isCurrent(this.#own, this.env.now()) ? this.#own : undefined;
  }

  setOwn(descriptor: Descriptor | undefined): void {
    this.#own = descriptor;
  }

  /**
   * Takes a descriptor in. `voucher` is the answerer it came from; leave it out for what came from the peer itself, by its link
   * or as its publication. Never throws: what is wrong with the bytes is `refused`.
   */
  add(bytes: Uint8Array, voucher?: Descriptor): AddResult {
    this.#prune();
    const descriptor = this.#byHash.get(hex(this.env.crypto.sha256(bytes))) ?? this.#verified(bytes);
    if (descriptor === undefined || descriptor.id === this.options.self || this.frauds.has(descriptor.id)) return 'refused';
    const result = this.#insert(descriptor);
    if (result !== 'fraud' && voucher !== undefined) this.#vouching.note(descriptor.id, descriptor.epoch, descriptor.hash, voucher);
    return result;
  }

  #verified(bytes: Uint8Array): Descriptor | undefined {
    try {
      const descriptor = verifyDescriptor(this.env.crypto, bytes, this.env.now());
      const hidden = descriptor.addresses.some((address) => 'ip' in address && isPrivateIp(address.ip));
      return hidden && this.options.privateAddresses !== true ? undefined : descriptor;
    } catch {
      return undefined;
    }
  }

  #insert(descriptor: Descriptor): AddResult {
    const known = this.#known.get(descriptor.id) ?? this.#remember(descriptor.id, this.env.now());
    const same = known.descriptors.find((other) => other.epoch === descriptor.epoch);
    if (same !== undefined && equal(same.hash, descriptor.hash)) return 'known';
    if (same !== undefined) {
      this.addProof(fraudProof(same.bytes, descriptor.bytes));
      return 'fraud';
    }
    known.lastSeenMs = this.env.now();
    known.open = hasRole(descriptor, ROLE.open);
    known.descriptors.push(descriptor);
    known.descriptors.sort((a, b) => b.epoch - a.epoch);
    this.#byHash.set(hex(descriptor.hash), descriptor);
    return 'new';
  }

  /** An answerer named this hash. True when it contradicts what we hold: ask for the bytes, they are a proof of fraud or a lie. */
  vouch(id: PeerId, epoch: number, hash: Uint8Array, voucher: Descriptor): boolean {
    const held = this.#known.get(id)?.descriptors.find((descriptor) => descriptor.epoch === epoch);
    if (Math.abs(epoch - epochAt(this.env.now())) <= DESCRIPTOR_EPOCHS) this.#vouching.note(id, epoch, hash, voucher);
    return held !== undefined && !equal(held.hash, hash);
  }

  /** True when the bytes behind a named hash are not here. */
  lacks(hash: Uint8Array): boolean {
    return !this.#byHash.has(hex(hash));
  }

  #remember(id: PeerId, firstSeenMs: number): Known {
    if (this.#known.size >= this.capacity) this.#evict();
    const known = newKnown(id, firstSeenMs, this.env.now());
    this.#known.set(id, known);
    return known;
  }

  /** The first-seen time of an open peer from an earlier run: it only ever moves back. */
  remember(id: PeerId, firstSeenMs: number): void {
    if (id === this.options.self) return;
    const known = this.#known.get(id) ?? this.#remember(id, firstSeenMs);
    known.firstSeenMs = Math.min(known.firstSeenMs, firstSeenMs);
  }

  /** Only the younger half can be thrown out, at random: a flood of new ids displaces the flood. */
  #evict(): void {
    const young = [...this.#known.values()].sort((a, b) => a.firstSeenMs - b.firstSeenMs).slice(Math.floor(this.#known.size / 2));
    const count = Math.max(1, Math.floor(this.capacity * EVICT_SHARE));
    for (let i = 0; i < count && young.length > 0; i++) this.drop((young.splice(randomBelow(this.env, young.length), 1)[0] as Known).id);
  }

  drop(id: PeerId): void {
    for (const descriptor of this.#known.get(id)?.descriptors ?? []) this.#byHash.delete(hex(descriptor.hash));
    this.#known.delete(id);
  }

  /** The peer signed that it leaves: its descriptors up to `epoch` go, what is known of its age stays. */
  withdraw(id: PeerId, epoch: number): void {
    const known = this.#known.get(id);
    if (known === undefined) return;
    this.#keep(known, (descriptor) => descriptor.epoch > epoch);
  }

  #keep(known: Known, keep: (descriptor: Descriptor) => boolean): void {
    for (const descriptor of known.descriptors) if (!keep(descriptor)) this.#byHash.delete(hex(descriptor.hash));
    known.descriptors = known.descriptors.filter(keep);
  }

  /** Once an epoch: what has ended goes. */
  #prune(): void {
    const now = this.env.now();
    if (epochAt(now) === this.#prunedEpoch) return;
    this.#prunedEpoch = epochAt(now);
    this.#vouching.dropBefore(this.#prunedEpoch - DESCRIPTOR_EPOCHS);
    for (const known of this.#known.values()) {
      this.#keep(known, (descriptor) => descriptor.validUntilMs > now);
      if (known.descriptors.length === 0 && (!known.open || known.lastSeenMs + REMEMBER_MS <= now)) this.#known.delete(known.id);
    }
  }

  // ---------------------------------------------------------------- fraud and flags

  /** A proof, ours or from elsewhere. True when it convicts somebody not convicted before. */
  addProof(proof: FraudProof): boolean {
    const id = this.frauds.add(proof);
    if (id === undefined) return false;
    this.drop(id);
    this.env.log('warn', 'directory', `${id} signed two descriptors for one epoch: it is used no more`);
    this.options.onFraud?.(id, proof);
    return true;
  }

  /** From link-level breaches, unanswered requests and failures of own circuits only: what others' circuits suffered may be staged. */
  flag(id: PeerId, flag: Flag): void {
    const known = this.#known.get(id);
    if (known !== undefined) raiseFlag(known, flag, this.env.now());
  }

  // ---------------------------------------------------------------- reading

  #current(known: Known): Descriptor | undefined {
    const now = this.env.now();
    return known.descriptors.find((descriptor) => isCurrent(descriptor, now));
  }

  known(id: PeerId): Known | undefined {
    return this.#known.get(id);
  }

  /** The newest current descriptor, vouched or not. */
  get(id: PeerId): Descriptor | undefined {
    if (id === this.#own?.id) return this.own;
    const known = this.#known.get(id);
    return known === undefined ? undefined : this.#current(known);
  }

  byHash(hash: Uint8Array): Descriptor | undefined {
    const descriptor = this.#byHash.get(hex(hash));
    return descriptor !== undefined && isCurrent(descriptor, this.env.now()) ? descriptor : undefined;
  }

  isVouched(descriptor: Descriptor): boolean {
    return this.#vouching.count(descriptor.hash) >= (this.options.vouchersWanted ?? VOUCHERS_WANTED);
  }

  /** The newest current descriptor that enough unrelated answerers named. */
  vouched(id: PeerId): Descriptor | undefined {
    const now = this.env.now();
    return this.#known.get(id)?.descriptors.find((descriptor) => isCurrent(descriptor, now) && this.isVouched(descriptor));
  }

  /** All current descriptors that have all of `roles`, ours included. */
  *all(roles = 0): Generator<Descriptor> {
    for (const known of this.#known.values()) {
      const descriptor = this.#current(known);
      if (descriptor !== undefined && hasRole(descriptor, roles)) yield descriptor;
    }
    if (this.own !== undefined && hasRole(this.own, roles)) yield this.own;
  }

  /** Peers that may be hops: vouched, not ours. */
  *relays(): Generator<{ known: Known; descriptor: Descriptor }> {
    for (const known of this.#known.values()) {
      const descriptor = this.vouched(known.id);
      if (descriptor !== undefined) yield { known, descriptor };
    }
  }

  nearest(point: Uint8Array, count: number, roles = 0): Descriptor[] {
    return nearestTo(point, this.all(roles), count, (descriptor) => peerIdBytes(descriptor.id));
  }
}
