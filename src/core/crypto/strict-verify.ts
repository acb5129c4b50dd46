import { ed25519 } from '@noble/curves/ed25519.js';

/**
 * An Ed25519 signature by RFC 8032's strict reading: ZIP 215's leniency would let one have several encodings. Implementations differ on contrived
 * ones, so what a faster one refuses, or an odd key has signed, is judged by this one everywhere.
 */
export function strictVerify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
}
