import { base32, fromBase32 } from '../bytes/base32.ts';
import type { PeerId } from '../bytes/brand.ts';
import type { CryptoPort } from '../ports.ts';
import type { Env } from '../env.ts';

/** An Ed25519 key pair: a peer's, a service's or an author's. */
export interface Identity {
  readonly seed: Uint8Array;
  readonly publicKey: Uint8Array;
}

export function identityFromSeed(crypto: CryptoPort, seed: Uint8Array): Identity {
  return { seed, publicKey: crypto.ed25519Public(seed) };
}

export function newIdentity(env: Pick<Env, 'random' | 'crypto'>): Identity {
  return identityFromSeed(env.crypto, env.random(32));
}

/** Of a peer id as text. */
export const PEER_ID_LETTERS = 52;

export function peerIdOf(publicKey: Uint8Array): PeerId {
  if (publicKey.length !== 32) throw new RangeError(`a peer id is 32 bytes, not ${publicKey.length}`);
  return base32(publicKey) as PeerId;
}

/** The 32 bytes of the Ed25519 key. */
export function peerIdBytes(id: PeerId): Uint8Array {
  return fromBase32(id);
}
