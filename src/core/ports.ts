/**
 * What adapters implement and what the protocol folders ask of each other. Types only.
 *
 * From the wire to a page, top of the list is nearest to the wire:
 *
 *   Transport     raw messages between two machines: a WebSocket, a data channel, memory
 *   Link          an authenticated transport that carries frames: cells and setup packets
 *   CircuitEnd    one end of a circuit: whole cell bodies, sealed and opened by whoever gave it
 *   Pipe          payloads with credit: channel 0 of a circuit, or a rendezvous channel, sealed or not
 *   ByteStream    ordered bytes with backpressure: what directory, packs and TCP talk over
 */

import type { PeerId } from './bytes/brand.ts';
import type { CloseReason, LinkCloseCode, EndReason, StreamKind } from './wire/registry.ts';

// ---------------------------------------------------------------- crypto

/**
 * ChaCha20-Poly1305 (RFC 8439) with a detached tag. The nonce is the counter, little-endian in the last 8 of 12 bytes,
 * the first 4 zero; a key is used once per counter. `input` and `output` may be the same bytes, never overlap otherwise.
 */
export interface Aead {
  seal(key: Uint8Array, counter: number, input: Uint8Array, aad: Uint8Array, output: Uint8Array, tag: Uint8Array): void;
  /** False, and `output` to be thrown away, when the tag does not match. */
  open(key: Uint8Array, counter: number, input: Uint8Array, aad: Uint8Array, output: Uint8Array, tag: Uint8Array): boolean;
}

/** Synchronous primitives that a platform may have faster than @noble; `nobleCrypto` is the oracle of all others. */
export interface CryptoPort {
  readonly aead: Aead;
  sha256(bytes: Uint8Array): Uint8Array;
  /** The 32-byte public key of a 32-byte X25519 secret. */
  x25519Public(secret: Uint8Array): Uint8Array;
  /** The shared secret, or undefined when it is all zero (RFC 7748 § 6.1), which every caller refuses. */
  x25519(secret: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined;
  /** `seed` is the 32-byte Ed25519 secret of RFC 8032. */
  ed25519Public(seed: Uint8Array): Uint8Array;
  ed25519Sign(seed: Uint8Array, message: Uint8Array): Uint8Array;
  ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  /**
   * A public key times a scalar of 32 bytes, little-endian, at most 2^255, and no multiple of the group's order. Undefined when the key is not the one
   * form of a point of the prime-order group, or its neutral element.
   */
  ed25519Multiply(publicKey: Uint8Array, scalar: Uint8Array): Uint8Array | undefined;
  /** ML-KEM-768 (FIPS 203). `seed` is 64 bytes: d ‖ z. */
  kemKeyPair(seed: Uint8Array): { publicKey: Uint8Array; secretKey: Uint8Array };
  /** `random` is 32 bytes; undefined when the public key is malformed. */
  kemEncapsulate(publicKey: Uint8Array, random: Uint8Array): { ciphertext: Uint8Array; shared: Uint8Array } | undefined;
  kemDecapsulate(secretKey: Uint8Array, ciphertext: Uint8Array): Uint8Array;
}

// ---------------------------------------------------------------- transports and links

export type TransportKind = 'webrtc' | 'websocket' | 'memory';

export interface TransportHandler {
  /** The bytes are the handler's to keep. */
  onMessage(message: Uint8Array): void;
  /** `bufferedBytes` has fallen below half of what the transport wants to hold. */
  onDrain(): void;
  /** Once; nothing comes after it. */
  onClose(why: string): void;
}

/** Raw, ordered, reliable messages. No identity, no frames. */
export interface Transport {
  readonly kind: TransportKind;
  /** This end dialled. */
  readonly dialled: boolean;
  /** The hello that its dialer was given has gone already: to the other end it is the first message. */
  readonly saidHello?: boolean;
  /** 32 bytes that both ends, and no man between, compute alike (for WebRTC the hash of both DTLS fingerprints).
   * Undefined where the transport does not protect its bytes; the link then encrypts them. */
  readonly binding: Uint8Array | undefined;
  /** The largest message it takes. */
  readonly maxMessageBytes: number;
  /** Handed over and not yet on the wire. */
  readonly bufferedBytes: number;
  /** Set once, before any message can come. */
  handler: TransportHandler | undefined;
  /** Takes the bytes over: the caller neither reads nor changes them afterwards. */
  send(message: Uint8Array): void;
  close(): void;
}

/** Frames of one class share a link fairly; own traffic never delays relayed cells past their share. */
export type FrameClass = 'own' | 'relayed' | 'control';

export interface LinkHandler {
  /** One whole frame, header included, of FRAME_CELL_BYTES, FRAME_SETUP_BYTES or FRAME_REPLY_BYTES; the handler's to keep and change. */
  onFrame(link: Link, frame: Uint8Array): void;
  /** The other side's signed descriptor came or changed. */
  onDescriptor(link: Link, descriptor: Uint8Array): void;
  /** The other side is a relay no longer: its signed directory request that says so, unverified. */
  onWithdrawal(link: Link, request: Uint8Array): void;
  onClose(link: Link, code: LinkCloseCode): void;
}

/** An authenticated channel to one peer. */
export interface Link {
  readonly peer: PeerId;
  readonly kind: TransportKind;
  readonly dialled: boolean;
  readonly openedAt: number;
  /** Bytes of frames, both ways, since it opened. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** What the other side's clock said in the handshake minus ours, ms. */
  readonly clockOffsetMs: number;
  /**
   * Queues one whole frame for the circuit named in its header; frames of one circuit keep their order, circuits share
   * the link by turns. Takes the bytes over.
   */
  sendFrame(frame: Uint8Array, frameClass: FrameClass): void;
  /** Frames of that circuit that wait in this link's queue. */
  queuedFrames(circuitId: number): number;
  /** Calls back once, when fewer than `below` frames of that circuit wait here. */
  whenQueueBelow(circuitId: number, below: number, call: () => void): void;
  /** Forgets what is queued for a circuit that has ended. */
  dropCircuit(circuitId: number): void;
  /** An unused circuit id of this end's half of the id space. */
  newCircuitId(): number;
  /** Sends our signed descriptor (a tab that does not relay sends none). */
  sendDescriptor(descriptor: Uint8Array): void;
  /** Says that we are a relay no longer: the signed directory request `forget`. Leaves at once, a goodbye may follow. */
  sendWithdrawal(request: Uint8Array): void;
  close(code: LinkCloseCode): void;
}

/** Opens links. `Dialer`s know addresses, not policy. */
export interface Dialer {
  /** @throws GlobalNetError `unreachable` | `unverified` (somebody else answered) | `timeout` | `unsupported`. */
  dial(target: DialTarget, signal?: AbortSignal): Promise<Link>;
}

export interface DialTarget {
  /** Unknown only for a bootstrap that was given by its address alone. */
  peer: PeerId | undefined;
  /** `ws://…` or `wss://…`; undefined: through the mesh. */
  url: string | undefined;
  /** Where the url's host lies, as its descriptor says: a headless peer connects there, asks no name server, and uses the host for TLS alone. */
  ip?: string;
}

// ---------------------------------------------------------------- circuits

export interface CircuitEndHandler {
  /** One whole opened cell body of CELL_BODY_BYTES; the handler's to keep. */
  onBody(body: Uint8Array): void;
  /** Fewer cells than the low-water mark wait on the first link. */
  onDrain(): void;
  onClose(reason: CloseReason): void;
}

/** One end of a circuit: its builder's, which speaks with the last hop, or the last hop's, which speaks with the builder. */
export interface CircuitEnd {
  /** For logs and the panel; means nothing to anybody else. */
  readonly name: string;
  readonly isBuilder: boolean;
  /** Cells of this circuit that wait on the link next to this end. */
  readonly queuedCells: number;
  handler: CircuitEndHandler | undefined;
  /** Seals and queues a body of exactly CELL_BODY_BYTES. Takes the bytes over. */
  send(body: Uint8Array): void;
  close(reason: CloseReason): void;
}

// ---------------------------------------------------------------- pipes and streams

export interface PipeHandler {
  /** One payload of `payloadBytes`; the handler's to keep. */
  onPayload(payload: Uint8Array): void;
  /** `ready` has become true: pull what there is to send. */
  onReady(): void;
  onClose(reason: CloseReason): void;
}

/** Fixed-size payloads in order, with windows. Channel 0 of a circuit, a rendezvous channel, or either of them sealed end to end. */
export interface Pipe {
  readonly payloadBytes: number;
  /** The window has room for one payload more. */
  readonly ready: boolean;
  /** Smoothed round trip to the end of the window, ms; undefined until measured. */
  readonly roundTripMs: number | undefined;
  handler: PipeHandler | undefined;
  /** Exactly `payloadBytes`; only while `ready`. Takes the bytes over. */
  send(payload: Uint8Array): void;
  /** So many received payloads were used up: until it is said, the other side's window stays taken. */
  consumed(count: number): void;
  close(reason: CloseReason): void;
}

export interface ByteStream {
  readonly kind: StreamKind;
  /** What the opener said it wants, as the kind's page of the spec lays out. */
  readonly request: Uint8Array;
  /** The next bytes, as many as came together; undefined at the other side's end.
   * @throws GlobalNetError `closed` with the reason when the stream was reset. */
  read(): Promise<Uint8Array | undefined>;
  /** Resolves when there is room for more. Takes the bytes over. @throws as `read`. */
  write(bytes: Uint8Array): Promise<void>;
  /** No more will be written; reading goes on (half-close). */
  end(): void;
  /** Both directions, at once. */
  reset(reason: EndReason): void;
}

// ---------------------------------------------------------------- what peer.ts hands to the protocol folders

/** Opens streams to a peer whose descriptor is known. */
export interface PeerStreams {
  /**
   * `circuit`: anonymously, down a circuit of ours whose last hop is the target. `link`: down a one-hop circuit on a link we
   * hold or may dial; the target sees who asks.
   * @throws GlobalNetError `unknown` | `unreachable` | `timeout` | `refused`.
   */
  open(target: PeerId, kind: StreamKind, via: 'circuit' | 'link', request: Uint8Array): Promise<ByteStream>;
}

/**
 * A stream used once: opens it with `request` as `PeerStreams.open` does, and reads the answer to its end.
 * @throws GlobalNetError as `PeerStreams.open`, and `malformed` when the answer is longer than `maxAnswerBytes`.
 */
export type Ask = (
  target: PeerId,
  kind: StreamKind,
  via: 'circuit' | 'link',
  request: Uint8Array,
  maxAnswerBytes: number,
) => Promise<Uint8Array>;

/** A circuit that has been built, and what its last hop sent back with the reply. */
export interface OpenedCircuit {
  readonly end: CircuitEnd;
  /** Messages, as in channel 0. */
  readonly reply: Uint8Array;
  readonly hops: readonly PeerId[];
}

/** A last hop. */
export interface LastHop {
  readonly peer: PeerId;
  /** Of the descriptor that a signed record names, where one does: then that record is witness enough for its keys. */
  readonly descriptorHash?: Uint8Array;
}

/** Gives circuits by purpose; keeps guards, paths and warm spares to itself. */
export interface CircuitSource {
  /**
   * A circuit whose last hop is `last`, by three hops of ours before it. Grows a warm spare where there is one, else builds
   * from nothing: one flight either way. Circuits of different `isolation` never share a path's spare.
   * @param early messages for the last hop, at most EARLY_DATA_MAX_BYTES.
   * @throws GlobalNetError `unverified` when nobody but the last hop itself has named its keys: it may have shown them to us alone.
   */
  openTo(last: LastHop, early: Uint8Array, isolation: string, signal?: AbortSignal, wish?: OpenWish): Promise<OpenedCircuit>;
}

/** Paths of circuits that are not to die together, by isolation: as far as there is a choice no peer is on two of them, nor on all. */
export type PathGroup = Map<string, readonly PeerId[]>;

export interface OpenWish {
  /** The circuit's own path is put in. */
  readonly group?: PathGroup;
  /** One try, given up with `timeout` when it takes much longer than others took lately: for who has something else to try. */
  readonly isHasty?: boolean;
}

// ---------------------------------------------------------------- storage

/** Small named records: keys, guards, settings, descriptors, records. Atomic per key; survives a crash once resolved. */
export interface RecordStore {
  get(key: string): Promise<Uint8Array | undefined>;
  set(key: string, value: Uint8Array): Promise<void>;
  delete(key: string): Promise<void>;
  /** Keys that begin with `prefix`, in order. */
  keys(prefix: string): Promise<string[]>;
}

/** Chunks by hash. */
export interface ChunkStore {
  /** `hash` is the SHA-256 of the bytes, 32 bytes. */
  get(hash: Uint8Array): Promise<Uint8Array | undefined>;
  has(hash: Uint8Array): Promise<boolean>;
  /** @throws GlobalNetError `full` when there is no room; what was stored before stays. */
  put(hash: Uint8Array, chunk: Uint8Array): Promise<void>;
  delete(hash: Uint8Array): Promise<void>;
  usedBytes(): Promise<number>;
}
