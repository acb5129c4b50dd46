import type { ErrorKind } from '../core/bytes/errors.ts';

/**
 * WebRTC for a worker: RTCPeerConnection exists on the page only. One MessagePort between them; connections have numbers
 * that the worker gives. Bytes cross as transferred buffers, those of one turn together.
 */

/** Bytes of one connection; the buffers are transferred. */
export interface BridgeBatch {
  id: number;
  messages: ArrayBuffer[];
}

/** Sent from the worker to the page. */
export type BridgeRequest =
  /** Make an offer: answered by `described`. */
  | { do: 'offer'; id: number }
  /** Answer this description: answered by `described`, then `opened`. */
  | { do: 'answer'; id: number; offer: Uint8Array }
  /** The other side's answer to our offer: answered by `opened`. */
  | { do: 'accept'; id: number; answer: Uint8Array }
  | { do: 'send'; batches: BridgeBatch[] }
  | { do: 'close'; id: number };

/** Sent from the page to the worker. */
export type BridgeEvent =
  /** First of all, and after each connection made: how many more there may be. */
  | { is: 'attempts'; left: number }
  | { is: 'described'; id: number; description: Uint8Array }
  /** The data channel is open; fingerprints of both certificates, 32 bytes each, the offering end's first. */
  | { is: 'opened'; id: number; fingerprints: Uint8Array; maxMessageBytes: number }
  | { is: 'received'; batches: BridgeBatch[] }
  /** So many bytes of this connection have left the page, counted from its beginning. */
  | { is: 'taken'; id: number; bytes: number }
  /** Before `opened`: it never will be. */
  | { is: 'failed'; id: number; kind: ErrorKind; message: string }
  | { is: 'closed'; id: number; why: string };
