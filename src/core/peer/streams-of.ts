import type { StreamStats } from '../stream/index.ts';
import { STREAM } from '../wire/registry.ts';
import { decodeTcpRequest } from '../wire/tcp.ts';
import type { Peer } from './peer.ts';
import type { StreamStatus } from './status.ts';

const KIND_NAME = new Map(Object.entries(STREAM).map(([name, kind]) => [kind, name as keyof typeof STREAM]));

/** The streams of all sessions with hidden services: visits of ours, then visitors of ours. */
export function streamsOf(peer: Pick<Peer, 'tcp' | 'sites' | 'hosts'>, nowMs: number): StreamStatus[] {
  const visits = [...peer.tcp.sessions(), ...peer.sites.all().map(({ visit }) => visit)];
  return [
    ...visits.flatMap(({ address, streamStats }) => streamStats.map((stats) => statusOf(address, stats, nowMs))),
    ...peer.hosts.flatMap(({ status, streamStats }) => streamStats.map((stats) => statusOf(status.address, stats, nowMs))),
  ];
}

function statusOf(address: string, stats: StreamStats, nowMs: number): StreamStatus {
  const { kind, ours, openedAtMs, sentBytes, receivedBytes } = stats;
  return { kind: KIND_NAME.get(kind), ours, address, port: portOf(stats), ageMs: nowMs - openedAtMs, sentBytes, receivedBytes };
}

function portOf({ kind, request }: StreamStats): number | undefined {
  if (kind !== STREAM.tcp) return undefined;
  try {
    return decodeTcpRequest(request).port;
  } catch {
    return undefined; // a visitor's nonsense, which is being refused
  }
}
