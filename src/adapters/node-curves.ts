import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject, sign, verify } from 'node:crypto';
import { multiplyKey } from '../core/crypto/ed25519-group.ts';
import { strictVerify } from '../core/crypto/strict-verify.ts';
import type { CryptoPort } from '../core/ports.ts';
import { KEY_BYTES, SIGNATURE_BYTES } from '../core/wire/geometry.ts';
import type { SodiumAddon } from './node-sodium-addon.ts';
import { isOddKey } from './odd-key.ts';

/** What of the port goes by X25519 and Ed25519. */
export type Curves = Pick<CryptoPort, 'x25519Public' | 'x25519' | 'ed25519Public' | 'ed25519Sign' | 'ed25519Verify' | 'ed25519Multiply'>;

type Name = 'X25519' | 'Ed25519';
type Verify = (key: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url');
/** OpenSSL works the public half out of the secret one, and only wants this field to be there. */
const ANY_PUBLIC = base64url(new Uint8Array(KEY_BYTES));

// As JWK and not as DER, whose decoder takes OpenSSL 3 ten times as long (0.65 ms a private key) as what is then done with the key.
function privateKey(curve: Name, secret: Uint8Array): KeyObject {
  return createPrivateKey({ key: { kty: 'OKP', crv: curve, x: ANY_PUBLIC, d: base64url(secret) }, format: 'jwk' });
}

function publicKey(curve: Name, bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: curve, x: base64url(bytes) }, format: 'jwk' });
}

function publicBytes(curve: Name, secret: Uint8Array): Uint8Array {
  return Uint8Array.from(Buffer.from(privateKey(curve, secret).export({ format: 'jwk' }).x as string, 'base64url'));
}

/** Where the addon has no build. */
export const opensslCurves: Curves = {
  x25519Public: (secret) => publicBytes('X25519', secret),
  // OpenSSL refuses the all-zero secret.
  x25519: (secret, peer) =>
    orUndefined(() => Uint8Array.from(diffieHellman({ privateKey: privateKey('X25519', secret), publicKey: publicKey('X25519', peer) }))),
  ed25519Public: (seed) => publicBytes('Ed25519', seed),
  ed25519Sign: (seed, message) => Uint8Array.from(sign(null, message, privateKey('Ed25519', seed))),
  ed25519Verify: agreeing((key, message, signature) => verify(null, message, publicKey('Ed25519', key), signature)),
  ed25519Multiply: multiplyKey,
};

/** By the addon: OpenSSL wants a key object for each call, and works out the public half of each secret for it. */
export function addonCurves(addon: SodiumAddon): Curves {
  const filled = (lengthBytes: number, fill: (bytes: Uint8Array) => void): Uint8Array => {
    const bytes = new Uint8Array(lengthBytes);
    fill(bytes);
    return bytes;
  };
  const secretOf = (seed: Uint8Array): Uint8Array =>
    filled(2 * KEY_BYTES, (secret) => addon.crypto_sign_seed_keypair(new Uint8Array(KEY_BYTES), secret, seed));
  return {
    x25519Public: (secret) => filled(KEY_BYTES, (key) => addon.crypto_scalarmult_base(key, secret)),
    // libsodium refuses the all-zero secret too.
    x25519: (secret, peer) => orUndefined(() => filled(KEY_BYTES, (shared) => addon.crypto_scalarmult(shared, secret, peer))),
    ed25519Public: (seed) => secretOf(seed).slice(KEY_BYTES), // its second half
    ed25519Sign: (seed, message) => filled(SIGNATURE_BYTES, (signature) => addon.crypto_sign_detached(signature, message, secretOf(seed))),
    // Of a longer signature it would look at the beginning.
    ed25519Verify: agreeing(
      (key, message, signature) => signature.length === SIGNATURE_BYTES && addon.crypto_sign_verify_detached(signature, message, key),
    ),
    ed25519Multiply: (key, scalar) =>
      orUndefined(() => filled(KEY_BYTES, (product) => addon.crypto_scalarmult_ed25519_noclamp(product, scalar, key))),
  };
}

/** Only a fast "yes" to an ordinary key counts: see odd-key.ts. */
function agreeing(fast: Verify): Verify {
  return (key, message, signature) =>
    (!isOddKey(key) && orUndefined(() => fast(key, message, signature))) || strictVerify(key, message, signature);
}

function orUndefined<Value>(make: () => Value): Value | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
