import type { PeerId } from '../bytes/brand.ts';
import { type PeerAddress, websocketUrl } from '../wire/peer-address.ts';
import { ROLE } from '../wire/registry.ts';
import type { Peer } from './peer.ts';
import type { KnownPeer } from './status.ts';

/** What the directory holds of others now. */
export function knownPeers({ id: self, directory, links }: Peer, isGuard: (id: PeerId) => boolean): KnownPeer[] {
  const known: KnownPeer[] = [];
  for (const descriptor of directory.all()) {
    const { id, roles, addresses, operator, software, epoch } = descriptor;
    if (id === self) continue;
    known.push({
      peer: id,
      roles: Object.entries(ROLE).flatMap(([name, role]) => ((roles & role) === 0 ? [] : [name])),
      addresses: addresses.map(inWords),
      operator,
      software,
      epoch,
      vouched: directory.isVouched(descriptor),
      guard: isGuard(id),
      link: links.get(id)?.kind,
      links: [...descriptor.links],
    });
  }
  return known;
}

function inWords(address: PeerAddress): string {
  return address.kind === 'websocket' ? websocketUrl(address) : address.kind;
}
