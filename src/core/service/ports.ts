import type { PeerId } from '../bytes/brand.ts';
import type { CircuitEnd, Pipe } from '../ports.ts';
import type { CloseReason } from '../wire/registry.ts';

/** What a service, a point and a visitor need of the parts beside them; peer.ts hands it in. */

/** The channels of a circuit, at either end of it. */
export interface Channels {
  /** Sends a message on channel 0. */
  sendMessage(type: number, content: Uint8Array): void;
  /** The circuit stands and has room for one channel more. */
  readonly canOpen: boolean;
  /** The pipe of a channel of 1 or more, the same at every call while it stands. Its `close` ends that channel alone. */
  channel(number: number): Pipe;
  /** Nothing at all has come for so long, and for so many of its round trips, though something waits to be acked. */
  isSilent(leastMs: number, roundTrips: number): boolean;
  /** Ends the circuit, and each channel with it. */
  close(reason: CloseReason): void;
}

/** `content` is a view. */
export interface ChannelsHandler {
  /** A message of channel 0 that is none of the circuit's or a stream's own. */
  onMessage(type: number, content: Uint8Array): void;
  /** Once: the circuit has ended. The pipes of its channels have been told as well, before or after. */
  onClose(reason: CloseReason): void;
}

/** Channels at the builder's end. */
export interface BuilderChannels extends Channels {
  /** Once, when whoever takes what comes is in place: first the messages of the reply, as if they had come in channel 0, then all behind it. */
  start(reply: Uint8Array): void;
}

export type OpenChannels = (end: CircuitEnd, handler: ChannelsHandler) => BuilderChannels;

/** A peer that may serve as rendezvous point, by the one descriptor that everybody sees. */
export interface PointRef {
  readonly peer: PeerId;
  /** SHA-256 of its descriptor, 32 bytes. */
  readonly descriptorHash: Uint8Array;
}

export interface PointDirectory {
  /** Up to `count` peers with the rendezvous role, drawn at random among those that are none of `exclude`. */
  choose(count: number, exclude: readonly PeerId[]): Promise<PointRef[]>;
  /** The hash of the descriptor this peer shows now; undefined when it is not known any more. */
  descriptorHash(peer: PeerId): Uint8Array | undefined;
  /** Sees to it that a circuit to this point can be built.
   * @throws GlobalNetError `unknown` when nobody has its descriptor, `unverified` when it is another one than the hash says. */
  learn(point: PointRef, signal?: AbortSignal): Promise<void>;
}

export interface FoundRecord {
  readonly payload: Uint8Array;
  readonly serial: number;
  readonly slot: number;
}

export interface FindRecordOptions {
  /** An older serial than some peers hold will do. */
  readonly soon?: boolean;
  readonly signal?: AbortSignal;
}

/** The DHT's single-writer values. Each call goes down circuits of its own: two calls for one service must not meet. */
export interface RecordNetwork {
  /** How many peers hold it now. @throws GlobalNetError `unreachable` | `timeout`. */
  publish(value: {
    blindedKey: Uint8Array;
    /** Signs for the blinded key, by RFC 8032. */
    sign(message: Uint8Array): Uint8Array;
    slot: number;
    serial: number;
    /** Milliseconds since 1970. */
    expiresAtMs: number;
    payload: Uint8Array;
  }): Promise<number>;
  /** What lies under the key, each slot's highest serial; empty when there is nothing.
   * @throws GlobalNetError `unreachable` | `timeout`: nobody could be asked. */
  find(blindedKey: Uint8Array, options?: FindRecordOptions): Promise<FoundRecord[]>;
}
