import { labelled } from '../crypto/derive.ts';
import { peerIdBytes } from '../crypto/identity.ts';
import type { CryptoPort } from '../ports.ts';
import { type Descriptor, hasRole } from '../wire/descriptor.ts';
import { netPrefix } from '../wire/peer-address.ts';
import { LABEL, ROLE } from '../wire/registry.ts';

/** Every sort by distance asks for these again. */
const computed = new WeakMap<Descriptor, Uint8Array>();

/**
 * Where a store peer stands: it follows from the prefix of its first address and three bits of its id, so that who wants a certain
 * place must own an address in one certain /16, and hashing ids buys one of eight. Undefined for a peer that is no store peer.
 */
export function storePosition(crypto: CryptoPort, descriptor: Descriptor): Uint8Array | undefined {
  const cached = computed.get(descriptor);
  if (cached !== undefined) return cached;
  const address = descriptor.addresses[0];
  if (!hasRole(descriptor, ROLE.store | ROLE.open) || address === undefined || !('ip' in address)) return undefined;
  const bits = (peerIdBytes(descriptor.id)[31] as number) & 7;
  const position = crypto.sha256(labelled(LABEL.storePosition, netPrefix(address.ip), Uint8Array.of(bits)));
  computed.set(descriptor, position);
  return position;
}

/** Where a value lies: two places that have nothing to do with each other. */
export function valuePosition(crypto: CryptoPort, key: Uint8Array, position: 0 | 1): Uint8Array {
  return crypto.sha256(labelled(LABEL.dhtPosition, Uint8Array.of(position), key));
}
