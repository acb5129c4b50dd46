import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, utf8 } from '../bytes/bytes.ts';
import type { Aead } from '../ports.ts';

const EMPTY = new Uint8Array(0);

/**
 * HKDF-SHA-256 (RFC 5869) cut into keys: `lengths` bytes each, in order. The info is the label, its length first so that no
 * label with its context can be read as another, and then the context's parts.
 */
export function deriveKeys(label: string, secret: Uint8Array, context: readonly Uint8Array[], lengths: readonly number[]): Uint8Array[] {
  const name = utf8(label);
  const info = concat(Uint8Array.of(name.length), name, ...context);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const stretch = hkdf(sha256, secret, undefined, info, total);
  let offset = 0;
  return lengths.map((length) => stretch.subarray(offset, (offset += length)));
}

/** `count` keys of 32 bytes. */
export function deriveKeys32(label: string, secret: Uint8Array, context: readonly Uint8Array[], count: number): Uint8Array[] {
  return deriveKeys(label, secret, context, Array<number>(count).fill(32));
}

/** What is signed or hashed in this protocol: a label with its length, then the content. */
export function labelled(label: string, ...content: readonly Uint8Array[]): Uint8Array {
  const name = utf8(label);
  return concat(Uint8Array.of(name.length), name, ...content);
}

/** `lengthBytes` of the key's stream: the seal of zeros without its tag, so that the one AEAD port suffices. */
export function keystream(aead: Aead, key: Uint8Array, counter: number, lengthBytes: number): Uint8Array {
  const stream = new Uint8Array(lengthBytes);
  aead.seal(key, counter, stream, EMPTY, stream, new Uint8Array(16));
  return stream;
}
