import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import type { Peer } from '../../src/core/peer/index.ts';
import { epochAt } from '../../src/core/wire/descriptor.ts';
import type { CircuitStatus, KnownPeer, PeerStatus, StreamStatus } from '../../src/shared/peer-api.ts';
import type { ControlRequest } from './request.ts';

/** Which process answers. */
export interface ProcessName {
  pid: number;
  /** What it was started as: relay, bootstrap, seed, open. */
  role: string;
}

export interface ProcessStatus extends ProcessName {
  rssBytes: number;
  listens: string | undefined;
  peer: PeerStatus;
}

/** What each command is answered with. */
export interface ControlAnswers {
  status: ProcessStatus;
  circuits: ProcessName & { peer: string; circuits: CircuitStatus[] };
  streams: ProcessName & { peer: string; streams: StreamStatus[] };
  peers: ProcessName & { peer: string; epoch: number; peers: KnownPeer[] };
  'close-circuit': ProcessName & { closed: boolean };
}

export type ControlCommand = keyof ControlAnswers;

export interface Answering {
  readonly role: string;
  readonly listens: string | undefined;
  readonly peer: Pick<Peer, 'id' | 'status' | 'streams' | 'knownPeers' | 'circuits'>;
  nowMs(): number;
}

type Answers = { [Command in ControlCommand]: (process: Answering, request: ControlRequest) => ControlAnswers[Command] };

const ANSWERS: Answers = {
  status({ role, listens, peer }) {
    const status = peer.status();
    const circuits = circuitsOf(status, false);
    return { pid: process.pid, role, rssBytes: process.memoryUsage.rss(), listens, peer: { ...status, circuits } };
  },
  circuits({ role, peer }, { where }) {
    return { pid: process.pid, role, peer: peer.id, circuits: circuitsOf(peer.status(), where) };
  },
  streams({ role, peer }, { where }) {
    const streams = peer.streams().map((stream) => (where || !stream.ours ? stream : { ...stream, address: undefined, port: undefined }));
    return { pid: process.pid, role, peer: peer.id, streams };
  },
  peers({ role, peer, nowMs }) {
    return { pid: process.pid, role, peer: peer.id, epoch: epochAt(nowMs()), peers: peer.knownPeers() };
  },
  'close-circuit'({ role, peer }, { circuit }) {
    if (circuit === undefined) throw new GlobalNetError('malformed', 'which circuit is to be closed is not said');
    return { pid: process.pid, role, closed: peer.circuits.close(circuit) };
  },
};

/** @throws GlobalNetError `malformed`: there is no such command. */
export function answerOf(process: Answering, request: ControlRequest): object {
  if (!Object.hasOwn(ANSWERS, request.command)) throw new GlobalNetError('malformed', 'there is no such command');
  return ANSWERS[request.command as ControlCommand](process, request);
}

/** Status is what is pasted where help is asked for: it never says where somebody went. */
function circuitsOf({ circuits }: PeerStatus, where: boolean): CircuitStatus[] {
  return where ? circuits : circuits.map((circuit) => ({ ...circuit, purpose: circuit.purpose.split(' ', 1)[0] as string }));
}
