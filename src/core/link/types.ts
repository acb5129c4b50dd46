import type { PeerId } from '../bytes/brand.ts';
import type { Identity } from '../crypto/identity.ts';
import type { DialTarget, Link, LinkHandler, Transport } from '../ports.ts';

/** Opens transports of one kind: what an adapter gives, before anybody knows who answers. */
export interface TransportDialer {
  /** Whether this kind of address is its business and its platform can do it now. */
  handles(target: DialTarget): boolean;
  /**
   * @param hello the first message that the caller will want to send. A dialer that can bring it along while it opens the transport spares a
   * round trip, and says so with `saidHello`; others leave it alone.
   * @throws GlobalNetError `unreachable` | `timeout` | `unsupported` | `full`.
   */
  dial(target: DialTarget, signal?: AbortSignal, hello?: Uint8Array): Promise<Transport>;
}

/** One handler for all links of this peer. */
export interface LinksHandler extends LinkHandler {
  /** A link stands, in either direction; called before anything else of it. @param shown the descriptor of ours that the other end has seen already. */
  onLink(link: Link, shown?: Uint8Array): void;
}

/** Runs `task` when the present turn is over, before anything else comes in. */
export type Defer = (task: () => void) => void;

export interface LinksOptions {
  readonly identity: Identity;
  readonly handler: LinksHandler;
  /** The first that handles a target dials it. */
  readonly dialers: readonly TransportDialer[];
  /** This peer's descriptor, while it has one to show: who dials it is given it with the answer, and need not wait for it. */
  readonly descriptor?: () => Uint8Array | undefined;
  /** Links at most, both directions together. */
  readonly maxLinks: number;
  /** Whether circuits stand on a link: of two links of one peer it is not ended, however long they are silent. */
  readonly carries?: (link: Link) => boolean;
  /** A microtask unless said otherwise: see `Batching` in the spec. The simulator may hand in its own clock's. */
  readonly defer?: Defer;
}

/** What a standing link tells about itself beyond the port, for the panel and for the choice between two links of one peer. */
export interface LinkPulse {
  /** When a message last came, ms since 1970. */
  readonly heardAt: number;
  /** When a frame of a circuit last went either way. */
  readonly usedAt: number;
}

/** Who is expected at the other end: undefined takes anybody. */
export type Expected = PeerId | undefined;
