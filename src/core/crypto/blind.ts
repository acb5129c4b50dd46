import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concat, utf8 } from '../bytes/bytes.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import type { CryptoPort } from '../ports.ts';
import { littleEndian, ORDER } from './ed25519-group.ts';

/**
 * Ed25519 key blinding (Tor's rend-spec-v3, appendix A.2): from a public key and a factor, a second public key that nobody
 * can link to the first without knowing it; who holds the first key's seed signs for the second. What is signed verifies by
 * plain RFC 8032.
 */

const { BASE } = ed25519.Point;
/** Appendix A.2 draws the blinded key's nonce prefix from the identity's by this string. */
const PREFIX_LABEL = utf8('Derive temporary signing key hash input');

function scalarBytes(scalar: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((scalar >> BigInt(8 * i)) & 0xffn));
}

/** The factor as Ed25519 clamps a secret: a multiple of 8, so that a key with a small-order part has no second blinded key. */
function clamp(factor: Uint8Array): Uint8Array {
  if (factor.length !== 32) throw new RangeError(`a blinding factor is 32 bytes, not ${factor.length}`);
  const bytes = factor.slice();
  bytes[0] = (bytes[0] as number) & 248;
  bytes[31] = ((bytes[31] as number) & 63) | 64;
  return bytes;
}

/**
 * @param publicKey 32 bytes, Ed25519.
 * @param factor 32 bytes, a hash over the key and whatever else dates it; clamped here.
 * @throws GlobalNetError `malformed` when the key is no point of the prime-order group: keys that differ by a point of small
 * order would blind to one key, and one service would have several addresses.
 */
export function blindPublicKey(crypto: Pick<CryptoPort, 'ed25519Multiply'>, publicKey: Uint8Array, factor: Uint8Array): Uint8Array {
  const blinded = crypto.ed25519Multiply(publicKey, clamp(factor));
  if (blinded === undefined) throw new GlobalNetError('malformed', 'this is not the public key of an Ed25519 identity');
  return blinded;
}

export interface BlindedSigner {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** scalar 32 ‖ nonce prefix 32: what Tor calls the expanded secret key. */
  readonly expandedSecret: Uint8Array;
  /** 64 bytes, valid under `publicKey` by RFC 8032. */
  sign(message: Uint8Array): Uint8Array;
}

/** The secret half of `blindPublicKey`: `seed` is the 32-byte Ed25519 secret of RFC 8032. */
export function blindSigner(seed: Uint8Array, factor: Uint8Array): BlindedSigner {
  const { head, prefix } = ed25519.utils.getExtendedPublicKey(seed);
  return signerFrom(concat(head, prefix), factor);
}

/** The same from an expanded secret (clamped scalar 32 ‖ prefix 32), the form of Tor's vectors. */
export function signerFrom(expanded: Uint8Array, factor: Uint8Array): BlindedSigner {
  const scalar = (littleEndian(clampedHead(expanded)) * littleEndian(clamp(factor))) % ORDER;
  const prefix = sha512(concat(PREFIX_LABEL, expanded.subarray(32))).subarray(0, 32);
  const publicKey = BASE.multiply(scalar).toBytes();
  return {
    publicKey,
    expandedSecret: concat(scalarBytes(scalar), prefix),
    sign(message) {
      const nonce = littleEndian(sha512(concat(prefix, message))) % ORDER;
      const commitment = BASE.multiply(nonce).toBytes();
      const challenge = littleEndian(sha512(concat(commitment, publicKey, message))) % ORDER;
      return concat(commitment, scalarBytes((nonce + challenge * scalar) % ORDER));
    },
  };
}

function clampedHead(expanded: Uint8Array): Uint8Array {
  const head = expanded.slice(0, 32);
  head[0] = (head[0] as number) & 248;
  head[31] = ((head[31] as number) & 127) | 64;
  return head;
}
