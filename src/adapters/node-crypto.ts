import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { nobleCrypto } from '../core/crypto/noble.ts';
import type { Aead, CryptoPort } from '../core/ports.ts';
import { addonCurves, opensslCurves } from './node-curves.ts';
import { sodiumAddon } from './node-sodium-addon.ts';
import { sodiumKem } from './sodium-kem.ts';

/**
 * Primitives by libsodium as a native addon, where there is one for this platform, and by node:crypto where not: that makes four objects and two
 * buffers for an AEAD over a cell, which takes it longer than the bytes, and keys for each use of a curve. ML-KEM by libsodium's WebAssembly (Node 20
 * has none, nor the addon), SHA-256 by OpenSSL.
 */

type Kem = Pick<CryptoPort, 'kemKeyPair' | 'kemEncapsulate' | 'kemDecapsulate'>;

let kem: Kem = nobleCrypto;
let loading: Promise<void> | undefined;

/**
 * Resolves when ML-KEM is libsodium's; until then, and where it cannot be loaded, it is @noble's, which is slower. Half a megabyte to read and
 * compile: at the start of a process other things come first. Whoever does not ask for it gets it with the first use.
 */
export function loadFastKem(): Promise<void> {
  loading ??= import('libsodium-wrappers').then(
    async ({ default: sodium }) => {
      await sodium.ready;
      kem = sodiumKem(sodium);
    },
    () => undefined,
  );
  return loading;
}

function kemNow(): Kem {
  void loadFastKem();
  return kem;
}

const CIPHER = 'chacha20-poly1305';
const TAG = { authTagLength: 16 } as const;
// The counter's nonce, written anew for each call: OpenSSL copies it.
const nonce = new Uint8Array(12);
const nonceView = new DataView(nonce.buffer);

function setNonce(counter: number): Uint8Array {
  nonceView.setUint32(4, counter % 2 ** 32, true);
  nonceView.setUint32(8, Math.floor(counter / 2 ** 32), true);
  return nonce;
}

/** Where the addon has no build, and for what is longer. */
export const opensslAead: Aead = {
  seal(key, counter, input, aad, output, tag) {
    const cipher = createCipheriv(CIPHER, key, setNonce(counter), TAG);
    if (aad.length > 0) cipher.setAAD(aad, { plaintextLength: input.length });
    output.set(cipher.update(input));
    cipher.final();
    tag.set(cipher.getAuthTag());
  },
  open(key, counter, input, aad, output, tag) {
    const decipher = createDecipheriv(CIPHER, key, setNonce(counter), TAG);
    if (aad.length > 0) decipher.setAAD(aad, { plaintextLength: input.length });
    decipher.setAuthTag(tag);
    output.set(decipher.update(input));
    try {
      decipher.final();
      return true;
    } catch {
      return false;
    }
  },
};

/** Beyond that OpenSSL is faster: it takes 16 blocks at a time where the processor can. */
const ADDON_MOST_BYTES = 16_384;

const addon = sodiumAddon();

const aead: Aead =
  addon === undefined
    ? opensslAead
    : {
        seal(key, counter, input, aad, output, tag) {
          if (input.length > ADDON_MOST_BYTES) opensslAead.seal(key, counter, input, aad, output, tag);
          else addon.crypto_aead_chacha20poly1305_ietf_encrypt_detached(output, tag, input, aad, null, setNonce(counter), key);
        },
        open(key, counter, input, aad, output, tag) {
          if (input.length > ADDON_MOST_BYTES) return opensslAead.open(key, counter, input, aad, output, tag);
          try {
            addon.crypto_aead_chacha20poly1305_ietf_decrypt_detached(output, null, input, tag, aad, setNonce(counter), key);
            return true;
          } catch {
            return false;
          }
        },
      };

export const nodeCrypto: CryptoPort = {
  aead,
  sha256: (bytes) => Uint8Array.from(createHash('sha256').update(bytes).digest()),
  ...(addon === undefined ? opensslCurves : addonCurves(addon)),
  kemKeyPair: (seed) => kemNow().kemKeyPair(seed),
  kemEncapsulate: (publicKey, random) => kemNow().kemEncapsulate(publicKey, random),
  kemDecapsulate: (secretKey, ciphertext) => kemNow().kemDecapsulate(secretKey, ciphertext),
};
