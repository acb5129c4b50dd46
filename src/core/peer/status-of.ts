import type { PeerId } from '../bytes/brand.ts';
import { FRAME_CELL_BYTES } from '../wire/geometry.ts';
import type { JoinStep } from './join-progress.ts';
import type { Peer } from './peer.ts';
import type { CircuitStatus, JoinState, LinkStatus, PeerStatus, ServiceStatus } from './status.ts';

/** What a peer tells about itself, read off its parts. */
export function statusOf(peer: Peer, nowMs: number, isGuard: (id: PeerId) => boolean): PeerStatus {
  const { relay, directory, links } = peer;
  const knownRelays = directory.size;
  return {
    peer: peer.id,
    upMs: nowMs - peer.startedAt,
    join: joinState(peer.membership.step, links.count, knownRelays, peer.membership.bootstraps),
    relaying: peer.relaying,
    leader: true,
    links: links.all().map((link): LinkStatus => {
      const { peer: id, kind, dialled, openedAt, sentBytes, receivedBytes } = link;
      return { peer: id, kind, dialled, ageMs: nowMs - openedAt, sentBytes, receivedBytes, guard: isGuard(id) };
    }),
    circuits: circuitsOf(peer, nowMs),
    relayedCircuits: relay.stats.circuits,
    relayedBytes: relay.stats.relayedCells * FRAME_CELL_BYTES,
    exitConnections: peer.exitConnections,
    services: peer.hosts.map((host): ServiceStatus => {
      const { address, points, visitors, sentBytes, publishedAtMs, effort } = host.status;
      return { address, kind: host.kind, title: host.title, points, visitors, sentBytes, publishedAtMs, effort };
    }),
    knownRelays,
  };
}

/** In the order in which they were built; they are held by the link that they begin on. */
function circuitsOf({ circuits }: Peer, nowMs: number): CircuitStatus[] {
  const all = [...circuits.own()].map(({ circuit, note }): CircuitStatus => {
    return {
      number: note.number,
      name: circuit.name,
      purpose: note.purpose,
      hops: [...circuit.hops],
      ageMs: nowMs - note.openedAt,
      sentBytes: circuit.sentCells * FRAME_CELL_BYTES,
      receivedBytes: circuit.receivedCells * FRAME_CELL_BYTES,
      roundTripMs: note.roundTripMs?.(),
    };
  });
  return all.sort((a, b) => a.number - b.number);
}

function joinState(step: JoinStep, links: number, relays: number, bootstraps: number): JoinState {
  switch (step.step) {
    case 'starting':
      return { step: 'starting' };
    case 'dialling':
      return { step: 'dialling', bootstraps, answered: step.answered };
    case 'failed':
      return step;
    default:
      return { step: step.step, links, relays };
  }
}
