import { createCipheriv, createDecipheriv, createHash, createPrivateKey, createPublicKey, diffieHellman, type KeyObject, sign, verify } from 'node:crypto';
import { nobleCrypto } from '../core/crypto/noble.ts';
import type { Aead, CryptoPort } from '../core/ports.ts';
import { isOddKey } from './odd-key.ts';

/** Primitives by node:crypto, where OpenSSL has them; ML-KEM by @noble (Node 20 has none). */

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

const aead: Aead = {
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

// RFC 8410: what stands before the 32 bytes of a key.
const PRIVATE_DER = { x25519: Buffer.from('302e020100300506032b656e04220420', 'hex'), ed25519: Buffer.from('302e020100300506032b657004220420', 'hex') };
const PUBLIC_DER = { x25519: Buffer.from('302a300506032b656e032100', 'hex'), ed25519: Buffer.from('302a300506032b6570032100', 'hex') };
type Curve = keyof typeof PRIVATE_DER;

function privateKey(curve: Curve, secret: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PRIVATE_DER[curve], secret]), format: 'der', type: 'pkcs8' });
}

function publicKey(curve: Curve, bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([PUBLIC_DER[curve], bytes]), format: 'der', type: 'spki' });
}

function publicBytes(curve: Curve, secret: Uint8Array): Uint8Array {
  const der = createPublicKey(privateKey(curve, secret)).export({ format: 'der', type: 'spki' });
  return Uint8Array.from(der.subarray(der.length - 32));
}

export const nodeCrypto: CryptoPort = {
  aead,
  sha256: (bytes) => Uint8Array.from(createHash('sha256').update(bytes).digest()),
  x25519Public: (secret) => publicBytes('x25519', secret),
  x25519(secret, peer) {
    try {
      return Uint8Array.from(diffieHellman({ privateKey: privateKey('x25519', secret), publicKey: publicKey('x25519', peer) }));
    } catch {
      return undefined; // OpenSSL refuses the all-zero secret
    }
  },
  ed25519Public: (seed) => publicBytes('ed25519', seed),
  ed25519Sign: (seed, message) => Uint8Array.from(sign(null, message, privateKey('ed25519', seed))),
  ed25519Verify(key, message, signature) {
    return (!isOddKey(key) && fastVerify(key, message, signature)) || nobleCrypto.ed25519Verify(key, message, signature);
  },
  kemKeyPair: nobleCrypto.kemKeyPair,
  kemEncapsulate: nobleCrypto.kemEncapsulate,
  kemDecapsulate: nobleCrypto.kemDecapsulate,
};

function fastVerify(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify(null, message, publicKey('ed25519', key), signature);
  } catch {
    return false;
  }
}
