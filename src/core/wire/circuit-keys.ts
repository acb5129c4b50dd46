import { concat } from '../bytes/bytes.ts';
import type { PeerId } from '../bytes/brand.ts';
import { deriveKeys32, labelled } from '../crypto/derive.ts';
import { peerIdBytes } from '../crypto/identity.ts';
import type { Aead, CryptoPort } from '../ports.ts';
import { CELL_FILL_CELLS, CELL_TAGS_BYTES, TAG_BYTES } from './geometry.ts';
import { LABEL } from './registry.ts';

/** The keys of circuits, as both ends derive them (§ 5.3). One key, one purpose. */

/** What a setup packet's slot says, and whom it was made for. */
export interface SetupContext {
  readonly peer: PeerId;
  /** SHA-256 of the descriptor that the onion keys were read from. */
  readonly descriptorHash: Uint8Array;
  /** The relay's X25519 onion key, `B`. */
  readonly onionX25519: Uint8Array;
  /** `E`. */
  readonly ephemeral: Uint8Array;
  /** `C`. */
  readonly kem: Uint8Array;
}

export interface SetupKeys {
  /** Seals what the hop is sent. */
  readonly setup: Uint8Array;
  /** Its stream fills the last slot of what the hop sends on. */
  readonly fill: Uint8Array;
  /** Seals what the hop sends back. */
  readonly reply: Uint8Array;
  /** Becomes the circuit's keys, with fresh X25519. */
  readonly seed: Uint8Array;
}

/** `x25519` is X25519(b, E), `kem` what C holds. */
export function deriveSetupKeys(context: SetupContext, x25519: Uint8Array, kem: Uint8Array): SetupKeys {
  const info = [peerIdBytes(context.peer), context.descriptorHash, context.ephemeral, context.kem, context.onionX25519];
  const [setup, fill, reply, seed] = deriveKeys32(LABEL.setupKeys, concat(x25519, kem), info, 4) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  return { setup, fill, reply, seed };
}

export interface CircuitKeys {
  /** Seals cells on the way out, and hides their tags. */
  readonly forward: Uint8Array;
  readonly forwardFill: Uint8Array;
  /** Seals cells on the way back, and hides their tags. */
  readonly back: Uint8Array;
  readonly backFill: Uint8Array;
  /** Seals the data of the reply. */
  readonly inner: Uint8Array;
}

/** `x25519` is X25519(f, E), `fresh` is F. */
export function deriveCircuitKeys(seed: Uint8Array, x25519: Uint8Array, fresh: Uint8Array): CircuitKeys {
  const keys = deriveKeys32(LABEL.circuitKeys, concat(seed, x25519), [fresh], 5);
  const [forward, forwardFill, back, backFill, inner] = keys as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  return { forward, forwardFill, back, backFill, inner };
}

/** The key whose stream stands for what an extend request leaves out. */
export function deriveExtendKey(seed: Uint8Array): Uint8Array {
  return deriveKeys32(LABEL.extendSeed, seed, [], 1)[0] as Uint8Array;
}

/**
 * Whether `work` meets `effort`, the number of hashes it takes on average: the first 32 bits of the hash, times the effort,
 * stay under 2^32. B, not an epoch's number, stands in it, so that nobody can work ahead of the key's publication.
 */
export function workHolds(
  crypto: Pick<CryptoPort, 'sha256'>,
  context: SetupContext,
  kemHash: Uint8Array,
  work: Uint8Array,
  effort: number,
): boolean {
  if (effort === 0) return true;
  const hash = crypto.sha256(labelled(LABEL.setupWork, peerIdBytes(context.peer), context.onionX25519, context.ephemeral, kemHash, work));
  return new DataView(hash.buffer, hash.byteOffset).getUint32(0) * effort < 2 ** 32;
}

const NO_AAD = new Uint8Array(0);
const UNUSED_TAG = new Uint8Array(TAG_BYTES);

/**
 * The stream that hides the tags of cells: 128 bytes a cell, drawn for CELL_FILL_CELLS cells at a time, so that it costs one
 * call of the AEAD in 32 cells where a call for each would cost as much again as a third of the cell.
 */
export class CellFill {
  readonly #aead: Aead;
  readonly #key: Uint8Array;
  #stretch: Uint8Array | undefined;
  #stretchNumber = -1;

  constructor(aead: Aead, key: Uint8Array) {
    this.#aead = aead;
    this.#key = key;
  }

  /** The stretch that holds cell `counter`'s share: at `cellFillAt(counter)`, CELL_TAGS_BYTES long. Good until the next call. */
  stretch(counter: number): Uint8Array {
    const number = Math.floor(counter / CELL_FILL_CELLS);
    this.#stretch ??= new Uint8Array(CELL_FILL_CELLS * CELL_TAGS_BYTES);
    if (number !== this.#stretchNumber) {
      this.#stretch.fill(0);
      this.#aead.seal(this.#key, number, this.#stretch, NO_AAD, this.#stretch, UNUSED_TAG);
      this.#stretchNumber = number;
    }
    return this.#stretch;
  }
}

export function cellFillAt(counter: number): number {
  return (counter % CELL_FILL_CELLS) * CELL_TAGS_BYTES;
}
