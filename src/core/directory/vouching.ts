import type { PeerId } from '../bytes/brand.ts';
import { hex } from '../bytes/bytes.ts';
import { type Descriptor, hasRole } from '../wire/descriptor.ts';
import { ROLE } from '../wire/registry.ts';
import { VOUCHERS_MAX } from './constants.ts';
import { areRelated } from '../wire/related.ts';

interface Vouched {
  readonly epoch: number;
  readonly vouchers: Descriptor[];
}

/**
 * Who named which descriptor hash. A relay that shows each asker other keys reads from the key who the builder is; so a hash
 * counts only when unrelated answerers, never the relay itself, showed us the same.
 */
export class Vouching {
  readonly #byHash = new Map<string, Vouched>();
  readonly #texts = new WeakMap<Uint8Array, string>();

  constructor(readonly capacity: number) {}

  /** `voucher` must be an open peer: a tab has no published address, so nothing tells two tabs of one owner apart. */
  note(id: PeerId, epoch: number, hash: Uint8Array, voucher: Descriptor): void {
    if (voucher.id === id || !hasRole(voucher, ROLE.open)) return;
    const key = hex(hash);
    let vouched = this.#byHash.get(key);
    if (vouched === undefined) {
      // Insertion order: the oldest goes; whoever floods us with hashes of nothing costs us an epoch's vouching, not memory.
      if (this.#byHash.size >= this.capacity) this.#byHash.delete(this.#byHash.keys().next().value as string);
      this.#byHash.set(key, (vouched = { epoch, vouchers: [] }));
    }
    // Only unrelated ones are kept: the many of one owner must not leave others without room.
    if (vouched.vouchers.length < VOUCHERS_MAX && !vouched.vouchers.some((other) => areRelated(other, voucher)))
      vouched.vouchers.push(voucher);
  }

  /** How many of those who named it are unrelated to each other. */
  count(hash: Uint8Array): number {
    // Each choice of a path asks this of every relay, on the thread that relays; a descriptor's hash is always the same array.
    let key = this.#texts.get(hash);
    if (key === undefined) this.#texts.set(hash, (key = hex(hash)));
    return this.#byHash.get(key)?.vouchers.length ?? 0;
  }

  dropBefore(epoch: number): void {
    for (const [key, vouched] of this.#byHash) if (vouched.epoch < epoch) this.#byHash.delete(key);
  }
}
