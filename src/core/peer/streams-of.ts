import type { StreamStats } from '../stream/index.ts';
import { decodeExitTarget } from '../wire/exit.ts';
import { ipText } from '../wire/peer-address.ts';
import { STREAM } from '../wire/registry.ts';
import { decodeTcpRequest } from '../wire/tcp.ts';
import type { Peer } from './peer.ts';
import type { StreamStatus } from './status.ts';

const KIND_NAME = new Map(Object.entries(STREAM).map(([name, kind]) => [kind, name as keyof typeof STREAM]));

/** Streams that we opened, to services and by exits, then those of visitors of ours. */
export function streamsOf(peer: Pick<Peer, 'visits' | 'sites' | 'clearNetwork' | 'hosts'>, nowMs: number): StreamStatus[] {
  const visits = [...peer.visits.flatMap((visits) => visits.sessions()), ...peer.sites.all().map(({ visit }) => visit)];
  return [
    ...visits.flatMap(({ address, streamStats }) => streamStats.map((stats) => statusOf(stats, nowMs, address))),
    ...(peer.clearNetwork?.streamStats ?? []).map((stats) => statusOf(stats, nowMs)),
    ...peer.hosts.flatMap(({ status, streamStats }) => streamStats.map((stats) => statusOf(stats, nowMs, status.address))),
  ];
}

/** @param service that the session is with. */
function statusOf(stats: StreamStats, nowMs: number, service?: string): StreamStatus {
  const { kind, ours, openedAtMs, sentBytes, receivedBytes } = stats;
  return { kind: KIND_NAME.get(kind), ours, ...placeOf(stats, service), ageMs: nowMs - openedAtMs, sentBytes, receivedBytes };
}

function placeOf({ kind, request }: StreamStats, service: string | undefined): Pick<StreamStatus, 'address' | 'port'> {
  try {
    if (kind === STREAM.tcp) return { address: service, port: decodeTcpRequest(request).port };
    if (kind !== STREAM.exit) return { address: service, port: undefined };
    const { host, port } = decodeExitTarget(request);
    return { address: typeof host === 'string' ? host : ipText(host), port };
  } catch {
    return { address: service, port: undefined }; // a visitor's nonsense, which is being refused
  }
}
