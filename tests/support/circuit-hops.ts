import type { HopKeys } from '../../src/core/circuit/types.ts';
import { identityFromSeed, peerIdOf } from '../../src/core/crypto/identity.ts';
import type { Env } from '../../src/core/env.ts';
import { OnionKeyring } from '../../src/core/relay/onion-keyring.ts';
import type { PeerId } from '../../src/core/bytes/brand.ts';

export interface TestHop {
  readonly peer: PeerId;
  readonly keyring: OnionKeyring;
  readonly hop: HopKeys;
}

/** A relay's keys as its descriptor would publish them. */
export function testHop(env: Env, setupEffort = 0): TestHop {
  const peer = peerIdOf(identityFromSeed(env.crypto, env.random(32)).publicKey);
  const keyring = new OnionKeyring(env);
  const { epoch, x25519, kem } = keyring.publicKeys();
  const descriptorHash = env.random(32);
  keyring.bindDescriptor(epoch, descriptorHash, setupEffort);
  return { peer, keyring, hop: { peer, onionX25519: x25519, onionKem: kem, descriptorHash, setupEffort } };
}
