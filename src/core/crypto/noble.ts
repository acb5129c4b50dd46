import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import type { Aead, CryptoPort } from '../ports.ts';
import { multiplyKey } from './ed25519-group.ts';
import { strictVerify } from './strict-verify.ts';

/** The nonce of a counter: 4 zero bytes, then 64 bits little-endian (RFC 8439 § 2.3 leaves the split to the protocol). */
export function counterNonce(counter: number): Uint8Array {
  const nonce = new Uint8Array(12);
  const view = new DataView(nonce.buffer);
  view.setUint32(4, counter % 2 ** 32, true);
  view.setUint32(8, Math.floor(counter / 2 ** 32), true);
  return nonce;
}

const TAG = 16;

/** Slow and plain: what every other `Aead` is compared with, and what a tab uses until a faster one has loaded. */
export const nobleAead: Aead = {
  seal(key, counter, input, aad, output, tag) {
    const sealed = chacha20poly1305(key, counterNonce(counter), aad).encrypt(input);
    output.set(sealed.subarray(0, input.length));
    tag.set(sealed.subarray(input.length));
  },
  open(key, counter, input, aad, output, tag) {
    const sealed = new Uint8Array(input.length + TAG);
    sealed.set(input);
    sealed.set(tag, input.length);
    try {
      output.set(chacha20poly1305(key, counterNonce(counter), aad).decrypt(sealed));
      return true;
    } catch {
      return false;
    }
  },
};

/** All primitives by @noble: audited, without a platform. */
export const nobleCrypto: CryptoPort = {
  aead: nobleAead,
  sha256: (bytes) => sha256(bytes),
  x25519Public: (secret) => x25519.getPublicKey(secret),
  x25519(secret, publicKey) {
    try {
      return x25519.getSharedSecret(secret, publicKey);
    } catch {
      return undefined; // noble throws on the all-zero secret
    }
  },
  ed25519Public: (seed) => ed25519.getPublicKey(seed),
  ed25519Sign: (seed, message) => ed25519.sign(message, seed),
  ed25519Verify: strictVerify,
  ed25519Multiply: multiplyKey,
  kemKeyPair: (seed) => ml_kem768.keygen(seed),
  kemEncapsulate(publicKey, random) {
    try {
      const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey, random);
      return { ciphertext: cipherText, shared: sharedSecret };
    } catch {
      return undefined; // FIPS 203 § 7.2: the key's coefficients are checked
    }
  },
  kemDecapsulate: (secretKey, ciphertext) => ml_kem768.decapsulate(ciphertext, secretKey),
};
