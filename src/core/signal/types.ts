import type { Transport } from '../ports.ts';

/**
 * What signalling needs of WebRTC: the page, the bridge to it, and Node each give one. A description is what
 * `wire/signal.ts` makes of an SDP: nothing else of an SDP crosses the network.
 */
export interface RtcPort {
  /** Connections that may still be tried; 0 where there is no WebRTC. */
  readonly attemptsLeft: number;
  /** @throws GlobalNetError `unsupported` | `full` | `timeout`. */
  offer(): Promise<RtcOffer>;
  /** @throws GlobalNetError `unsupported` | `full` | `malformed` | `timeout`. */
  answer(offer: Uint8Array): Promise<RtcAnswer>;
}

export interface RtcOffer {
  readonly description: Uint8Array;
  /** The transport once it is open. @throws GlobalNetError `malformed` | `unreachable` | `timeout`. */
  accept(answer: Uint8Array): Promise<Transport>;
  /** Gives the connection back. */
  cancel(): void;
}

export interface RtcAnswer {
  readonly description: Uint8Array;
  /** @throws GlobalNetError `unreachable` | `timeout`. */
  readonly transport: Promise<Transport>;
}
