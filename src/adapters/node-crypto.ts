import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import sodium from 'libsodium-wrappers';
import { strictVerify } from '../core/crypto/strict-verify.ts';
import type { Aead, CryptoPort } from '../core/ports.ts';
import { isOddKey } from './odd-key.ts';
import { sodiumAddon } from './node-sodium-addon.ts';
import { sodiumKem } from './sodium-kem.ts';

/**
 * Primitives by node:crypto, where OpenSSL has them; ML-KEM by libsodium (Node 20 has none). The AEAD over a cell by libsodium as a native
 * addon, where there is one for this platform: node:crypto makes four objects and two buffers for a call, which takes it longer than the bytes.
 */

await sodium.ready;

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

type Curve = 'X25519' | 'Ed25519';
const base64url = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url');
/** OpenSSL works the public half out of the secret one, and only wants this field to be there. */
const ANY_PUBLIC = base64url(new Uint8Array(32));

// As JWK and not as DER, whose decoder takes OpenSSL 3 ten times as long (0.65 ms a private key) as what is then done with the key.
function privateKey(curve: Curve, secret: Uint8Array): KeyObject {
  return createPrivateKey({ key: { kty: 'OKP', crv: curve, x: ANY_PUBLIC, d: base64url(secret) }, format: 'jwk' });
}

function publicKey(curve: Curve, bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: curve, x: base64url(bytes) }, format: 'jwk' });
}

function publicBytes(curve: Curve, secret: Uint8Array): Uint8Array {
  return Uint8Array.from(Buffer.from(privateKey(curve, secret).export({ format: 'jwk' }).x as string, 'base64url'));
}

export const nodeCrypto: CryptoPort = {
  aead,
  sha256: (bytes) => Uint8Array.from(createHash('sha256').update(bytes).digest()),
  x25519Public: (secret) => publicBytes('X25519', secret),
  x25519(secret, peer) {
    try {
      return Uint8Array.from(diffieHellman({ privateKey: privateKey('X25519', secret), publicKey: publicKey('X25519', peer) }));
    } catch {
      return undefined; // OpenSSL refuses the all-zero secret
    }
  },
  ed25519Public: (seed) => publicBytes('Ed25519', seed),
  ed25519Sign: (seed, message) => Uint8Array.from(sign(null, message, privateKey('Ed25519', seed))),
  ed25519Verify(key, message, signature) {
    return (!isOddKey(key) && fastVerify(key, message, signature)) || strictVerify(key, message, signature);
  },
  ...sodiumKem(sodium),
};

function fastVerify(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify(null, message, publicKey('Ed25519', key), signature);
  } catch {
    return false;
  }
}
