import type { PeerId } from '../bytes/brand.ts';
import type { Env } from '../env.ts';
import type { Link } from '../ports.ts';
import type { CircuitKeys } from '../wire/circuit-keys.ts';
import type { Patience } from './patience.ts';

/** What a builder must know of a relay, all of it from one signed descriptor. */
export interface HopKeys {
  readonly peer: PeerId;
  /** 32 bytes. */
  readonly onionX25519: Uint8Array;
  /** 1,184 bytes. */
  readonly onionKem: Uint8Array;
  /** SHA-256 of that descriptor. */
  readonly descriptorHash: Uint8Array;
  /** Hashes, on average, that the relay asks for; 0 at rest. */
  readonly setupEffort: number;
}

/** What the builder keeps of a hop until its reply comes. Plain data: it crosses threads. */
export interface HopSecrets {
  /** The X25519 secret of E. */
  readonly ephemeral: Uint8Array;
  readonly reply: Uint8Array;
  readonly seed: Uint8Array;
}

export interface BuiltSetup {
  /** SETUP_BYTES, to stand behind a frame's header. */
  readonly packet: Uint8Array;
  readonly secrets: readonly HopSecrets[];
}

export interface BuiltExtension {
  /** An encoded extend request. */
  readonly request: Uint8Array;
  readonly secrets: HopSecrets;
}

export interface OpenedReply {
  /** Of all hops that replied, the nearest first. */
  readonly keys: readonly CircuitKeys[];
  /** Messages, as in channel 0. */
  readonly data: Uint8Array;
}

/**
 * The builder's own public-key work. It takes some 3 ms a hop, and a peer that stopped relaying meanwhile would name itself
 * as the builder to whoever watches: so it is asked for, and done on another thread.
 */
export interface SetupCrypto {
  /** @throws RangeError for no hops, more than MAX_HOPS, or too much early data; GlobalNetError `malformed` for a bad onion key,
   * `refused` for a price in work that is over our limit. */
  build(hops: readonly HopKeys[], early: Uint8Array): Promise<BuiltSetup>;
  /** Undefined when any layer fails. */
  open(secrets: readonly HopSecrets[], reply: Uint8Array): Promise<OpenedReply | undefined>;
  /** @throws as `build`. */
  buildExtension(hop: HopKeys, early: Uint8Array): Promise<BuiltExtension>;
  /** `answer` is EXTENDED_BYTES; undefined when it fails. */
  openExtension(secrets: HopSecrets, answer: Uint8Array): Promise<OpenedReply | undefined>;
}

/**
 * building   the setup packet is being made, is under way, or its reply is being opened
 * open       cells go both ways
 * extending  as `building`, for one hop more; nothing but the request is sent
 * failed     something did not verify: nothing is sent or taken any more, and the end follows after a while
 * closed
 */
export type BuilderState = 'building' | 'open' | 'extending' | 'failed' | 'closed';

export interface BuilderCircuitOptions {
  readonly env: Env;
  readonly crypto: SetupCrypto;
  readonly patience: Patience;
  readonly link: Link;
  readonly id: number;
  readonly hops: readonly HopKeys[];
  /** It has ended, whatever the cause; no frame of it is wanted any more. */
  onEnded(): void;
}
