import type { PeerId } from '../bytes/brand.ts';
import type { Directory } from '../directory/index.ts';
import type { MeshContact } from '../signal/index.ts';
import { type Descriptor, hasRole } from '../wire/descriptor.ts';
import { ROLE } from '../wire/registry.ts';

/** By whom an offer reaches a peer: an open one is asked itself, a tab through those it says it is linked to. */
export function meshContact(directory: Directory, peer: PeerId): MeshContact | undefined {
  const descriptor = directory.get(peer);
  if (descriptor === undefined) return undefined;
  const relays = hasRole(descriptor, ROLE.open) ? [peer] : [...descriptor.links];
  return { onionX25519: descriptor.onionX25519, relays };
}

/** Peers that answer offers. */
export function meshPeers(directory: Directory): Descriptor[] {
  return [...directory.all()].filter(({ id, addresses }) => id !== directory.options.self && addresses.some(({ kind }) => kind === 'mesh'));
}
