import type { PeerId } from '../bytes/brand.ts';
import type { Env } from '../env.ts';
import type { CircuitEnd, Link } from '../ports.ts';
import type { OnionKeyring } from './onion-keyring.ts';
import type { RelayCircuit } from './relay-circuit.ts';

/**
 * A circuit ends here. `early` are messages, as in channel 0. `answer` is called once, with at most REPLY_DATA_MAX_BYTES of
 * messages, once the end has a handler; bodies sent before wait for it. When the builder grows the circuit past this peer, the end is told `onClose`,
 * though the circuit lives on.
 */
export type OnLastHop = (end: CircuitEnd, early: Uint8Array, answer: (replyData: Uint8Array) => void) => void;

export interface RelayLimits {
  /** Circuits of one link that wait for their reply. */
  readonly halfBuiltPerLink: number;
  /** Setup packets and extends of one link: so many at once, then so many a second. */
  readonly setupBurst: number;
  readonly setupsPerSecond: number;
  /** Links dialled for others' circuits: so many at once, then so many a minute. */
  readonly dialBurst: number;
  readonly dialsPerMinute: number;
  readonly circuits: number;
  /** Cells of one circuit that may wait in one direction; more end it. */
  readonly queuedCells: number;
  /** From setup to reply. */
  readonly replyDeadlineMs: number;
}

export interface RelayOptions {
  readonly env: Env;
  readonly self: PeerId;
  readonly onionKeys: OnionKeyring;
  /** The link to that peer that stands now. */
  linkTo(peer: PeerId): Link | undefined;
  /** Asked only where none stands and the dialling budget has room; undefined when the peer is unknown, not open, or not there. */
  dial(peer: PeerId): Promise<Link | undefined>;
  readonly onLastHop: OnLastHop;
  readonly limits?: Partial<RelayLimits>;
}

export interface RelayStats {
  readonly circuits: number;
  readonly relayedCells: number;
  /** Setup packets that were refused, by any check. */
  readonly refusedSetups: number;
}

/**
 * linking   a link to the next hop is being looked for or dialled
 * waiting   the setup packet has gone on, or the owner of the last hop's end has it; no reply yet
 * relaying  cells go both ways
 * last      cells end here
 * growing   as `last`, and the builder has asked for one hop more: `linking` and `waiting` for that
 * closed
 */
export type RelayCircuitState = 'linking' | 'waiting' | 'relaying' | 'last' | 'growing' | 'closed';

/** A circuit's place on one of its two links. */
export interface CircuitSide {
  readonly link: Link;
  readonly id: number;
}

/** What all circuits of a relay share. */
export interface RelayCircuitHost {
  readonly env: Env;
  readonly limits: RelayLimits;
  /** Undefined when that peer cannot be reached, or is one that must not be next. */
  linkToNext(next: PeerId, previous: Link): Link | undefined | Promise<Link | undefined>;
  /** Books a setup packet that this circuit is about to cause. False when its link has used its share. */
  mayExtend(previous: Link): boolean;
  onNext(circuit: RelayCircuit, link: Link, id: number): void;
  onRelayed(): void;
  /** A reply has gone, or the circuit has ended: it is not half-built any more. */
  onSettled(previous: Link): void;
  onEnded(circuit: RelayCircuit): void;
}
