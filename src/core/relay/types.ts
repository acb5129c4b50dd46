import type { PeerId } from '../bytes/brand.ts';
import type { Env } from '../env.ts';
import type { CircuitEnd, Link } from '../ports.ts';
import type { OnionKeyring } from './onion-keyring.ts';

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
