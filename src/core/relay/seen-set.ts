import { concat } from '../bytes/bytes.ts';
import type { CryptoPort } from '../ports.ts';
import { SEEN_MAX } from './constants.ts';

const FIRST_SLOTS = 1024;

/**
 * Which E have been opened with one onion key: 64 bits each of SHA-256(salt ‖ E), in an open-addressed table that is at most half
 * full. SEEN_MAX = 2^20 entries then take 2^21 slots of 8 bytes, 16 MB; a keyring holds three keys, 48 MB at the very worst, and
 * 24 KB at rest. The salt is secret, so that nobody can aim at one place of the table, and a packet is refused for another's sake
 * with probability 2^20 / 2^64.
 */
export class SeenSet {
  readonly salt: Uint8Array;
  readonly #crypto: Pick<CryptoPort, 'sha256'>;
  #slots = new BigUint64Array(FIRST_SLOTS);
  #size = 0;

  /** `salt` is 32 random bytes. */
  constructor(
    crypto: Pick<CryptoPort, 'sha256'>,
    salt: Uint8Array,
    readonly max = SEEN_MAX,
  ) {
    this.#crypto = crypto;
    this.salt = salt;
  }

  /** @param entries what `entries()` gave. */
  static restore(crypto: Pick<CryptoPort, 'sha256'>, salt: Uint8Array, entries: Uint8Array): SeenSet {
    const set = new SeenSet(crypto, salt);
    const view = new DataView(entries.buffer, entries.byteOffset, entries.length);
    for (let offset = 0; offset + 8 <= entries.length; offset += 8) set.#insert(view.getBigUint64(offset));
    return set;
  }

  get size(): number {
    return this.#size;
  }

  has(ephemeral: Uint8Array): boolean {
    const mark = this.#mark(ephemeral);
    return this.#slots[this.#find(mark)] === mark;
  }

  /** False when it is in already, or when there is no room: either way the packet is not to be taken. */
  insert(ephemeral: Uint8Array): boolean {
    return this.#insert(this.#mark(ephemeral));
  }

  /** All marks, 8 bytes each. */
  entries(): Uint8Array {
    const bytes = new Uint8Array(8 * this.#size);
    const view = new DataView(bytes.buffer);
    let offset = 0;
    for (const mark of this.#slots) {
      if (mark === 0n) continue;
      view.setBigUint64(offset, mark);
      offset += 8;
    }
    return bytes;
  }

  #mark(ephemeral: Uint8Array): bigint {
    const hash = this.#crypto.sha256(concat(this.salt, ephemeral));
    const mark = new DataView(hash.buffer, hash.byteOffset).getBigUint64(0);
    return mark === 0n ? 1n : mark; // 0 is an empty slot
  }

  /** The slot that holds the mark, or the empty one where it belongs. */
  #find(mark: bigint): number {
    const mask = this.#slots.length - 1;
    let slot = Number(mark & BigInt(mask));
    while (this.#slots[slot] !== 0n && this.#slots[slot] !== mark) slot = (slot + 1) & mask;
    return slot;
  }

  #insert(mark: bigint): boolean {
    const slot = this.#find(mark);
    if (this.#slots[slot] === mark || this.#size >= this.max) return false;
    this.#slots[slot] = mark;
    this.#size++;
    if (2 * this.#size > this.#slots.length) this.#grow();
    return true;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new BigUint64Array(2 * old.length);
    for (const mark of old) if (mark !== 0n) this.#slots[this.#find(mark)] = mark;
  }
}
