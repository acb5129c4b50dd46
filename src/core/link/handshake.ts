import type { PeerId } from '../bytes/brand.ts';
import { concat, EMPTY, equal } from '../bytes/bytes.ts';
import { deriveKeys32, labelled } from '../crypto/derive.ts';
import { type Identity, peerIdOf } from '../crypto/identity.ts';
import type { Env } from '../env.ts';
import type { CryptoPort } from '../ports.ts';
import { KEY_BYTES, LINK_IDENTITY_BYTES, SIGNATURE_BYTES, TAG_BYTES } from '../wire/geometry.ts';
import {
  decodeHandshake,
  decodeHandshakeIdentity,
  encodeHandshake,
  encodeHandshakeIdentity,
  type HandshakeIdentity,
  splitAnswer,
  splitProof,
} from '../wire/link.ts';
import { HANDSHAKE, LABEL, LINK_CLOSE, type LinkCloseCode, PROTOCOL_VERSION } from '../wire/registry.ts';
import type { Expected } from './types.ts';

export interface HandshakeOptions {
  readonly identity: Identity;
  readonly dialled: boolean;
  /** Anybody else at the other end ends the handshake with `identity`. */
  readonly expected: Expected;
  /** The own descriptor, which a listener shows with its answer. */
  readonly descriptor?: Uint8Array | undefined;
}

export interface HandshakeResult {
  readonly peer: PeerId;
  /** The other side's clock minus ours, ms; right to half of what passed between our last message and its answer. */
  readonly clockOffsetMs: number;
  /** For messages behind the handshake; used only where the transport has no binding. */
  readonly sendKey: Uint8Array;
  readonly receiveKey: Uint8Array;
  /** What came with the answer: to be verified as any descriptor. */
  readonly descriptor?: Uint8Array;
}

interface Shown extends HandshakeIdentity {
  /** Empty where none was shown. */
  readonly descriptor: Uint8Array;
}

/** What is to be done after an event: send, and then wait, go on or close. */
export type HandshakeStep =
  | { readonly state: 'waiting'; readonly send?: Uint8Array }
  | { readonly state: 'done'; readonly send?: Uint8Array; readonly result: HandshakeResult }
  | { readonly state: 'failed'; readonly send?: Uint8Array; readonly code: LinkCloseCode };

/** Whose signature it is: one made as dialler never passes as a listener's, so no message can be reflected. */
const ROLE = { dialler: Uint8Array.of(1), listener: Uint8Array.of(2) } as const;

/**
 * Both sides of the link handshake: SIGMA-I, three messages, nothing sent twice. Each side signs the transcript so far, which
 * holds the transport's binding, and seals identity and signature under keys of the ephemeral exchange. The dialler shows
 * itself last, and only to the peer it wanted.
 */
export class Handshake {
  /** The dialler's first message. It rests on nothing, so it can be sent before there is a transport. */
  readonly hello: Uint8Array;
  readonly #env: Pick<Env, 'now' | 'random' | 'crypto'>;
  readonly #options: HandshakeOptions;
  readonly #secret: Uint8Array;
  readonly #ephemeral: Uint8Array;
  #transcript: Uint8Array = EMPTY;
  #shared: Uint8Array = EMPTY;
  #proofKey: Uint8Array = EMPTY;
  #sentAt: number;
  #state: 'new' | 'wantHello' | 'wantAnswer' | 'wantProof' | 'over' = 'new';

  constructor(env: Pick<Env, 'now' | 'random' | 'crypto'>, options: HandshakeOptions) {
    this.#env = env;
    this.#options = options;
    this.#secret = env.random(KEY_BYTES);
    this.#ephemeral = env.crypto.x25519Public(this.#secret);
    this.hello = encodeHandshake(HANDSHAKE.hello, PROTOCOL_VERSION, this.#ephemeral);
    this.#sentAt = env.now();
  }

  /** To be called before anything is received. @param binding the transport's, see ports.ts. */
  begin(binding: Uint8Array | undefined): void {
    // The first byte says whether there is a binding: two ends that disagree must not meet in one transcript.
    const bound = binding === undefined ? Uint8Array.of(0) : concat(Uint8Array.of(1), binding);
    this.#transcript = this.#env.crypto.sha256(labelled(LABEL.linkHandshake, bound));
    this.#state = this.#options.dialled ? 'wantAnswer' : 'wantHello';
    if (this.#options.dialled) this.#mix(this.hello);
  }

  /** The descriptor that the answer showed or will show. */
  get shown(): Uint8Array | undefined {
    return this.#options.descriptor;
  }

  /** Never throws: what is not as it should be is a failed step. */
  receive(message: Uint8Array): HandshakeStep {
    const state = this.#state;
    this.#state = 'over';
    try {
      if (state === 'wantHello') return this.#onHello(message);
      if (state === 'wantAnswer') return this.#onAnswer(message);
      if (state === 'wantProof') return this.#onProof(message);
    } catch {
      // a DecodeError: the bytes are not a handshake
    }
    return { state: 'failed', code: LINK_CLOSE.breach };
  }

  #onHello(hello: Uint8Array): HandshakeStep {
    const body = decodeHandshake(hello, HANDSHAKE.hello, PROTOCOL_VERSION);
    if (body === undefined) {
      const header = encodeHandshake(HANDSHAKE.answer, PROTOCOL_VERSION);
      return { state: 'failed', send: header, code: LINK_CLOSE.version };
    }
    this.#mix(hello);
    this.#mix(this.#ephemeral);
    if (!this.#agree(body)) return failed(LINK_CLOSE.identity);
    const [answerKey, proofKey] = this.#handshakeKeys();
    this.#proofKey = proofKey;
    const sealed = this.#sealIdentity(ROLE.listener, answerKey, this.#options.descriptor);
    this.#mix(sealed);
    this.#state = 'wantProof';
    this.#sentAt = this.#env.now();
    return { state: 'waiting', send: encodeHandshake(HANDSHAKE.answer, PROTOCOL_VERSION, this.#ephemeral, sealed) };
  }

  #onAnswer(answer: Uint8Array): HandshakeStep {
    const body = decodeHandshake(answer, HANDSHAKE.answer, PROTOCOL_VERSION);
    if (body === undefined) return failed(LINK_CLOSE.version);
    const { ephemeral, sealed, tag } = splitAnswer(body);
    this.#mix(ephemeral);
    if (!this.#agree(ephemeral)) return failed(LINK_CLOSE.identity);
    const [answerKey, proofKey] = this.#handshakeKeys();
    const theirs = this.#openIdentity(ROLE.listener, answerKey, sealed, tag);
    if (theirs === undefined) return failed(LINK_CLOSE.identity);
    this.#mix(concat(sealed, tag));
    const proof = this.#sealIdentity(ROLE.dialler, proofKey);
    this.#mix(proof);
    return { state: 'done', send: encodeHandshake(HANDSHAKE.proof, PROTOCOL_VERSION, proof), result: this.#result(theirs) };
  }

  #onProof(proof: Uint8Array): HandshakeStep {
    const body = decodeHandshake(proof, HANDSHAKE.proof, PROTOCOL_VERSION);
    if (body === undefined) return failed(LINK_CLOSE.version);
    const { sealed, tag } = splitProof(body);
    const theirs = this.#openIdentity(ROLE.dialler, this.#proofKey, sealed, tag);
    if (theirs === undefined) return failed(LINK_CLOSE.identity);
    this.#mix(body);
    return { state: 'done', result: this.#result(theirs) };
  }

  #mix(bytes: Uint8Array): void {
    this.#transcript = this.#env.crypto.sha256(concat(this.#transcript, bytes));
  }

  #agree(ephemeral: Uint8Array): boolean {
    const shared = this.#env.crypto.x25519(this.#secret, ephemeral);
    this.#shared = shared ?? EMPTY;
    return shared !== undefined;
  }

  #handshakeKeys(): [Uint8Array, Uint8Array] {
    return deriveKeys32(LABEL.linkKeys, this.#shared, [this.#transcript], 2) as [Uint8Array, Uint8Array];
  }

  #signed(role: Uint8Array, publicKey: Uint8Array, clockMs: number): Uint8Array {
    const unsigned = encodeHandshakeIdentity({ publicKey, clockMs, signature: new Uint8Array(SIGNATURE_BYTES) });
    return labelled(LABEL.linkHandshake, role, this.#transcript, unsigned);
  }

  #sealIdentity(role: Uint8Array, key: Uint8Array, descriptor: Uint8Array = EMPTY): Uint8Array {
    const { seed, publicKey } = this.#options.identity;
    const clockMs = Math.floor(this.#env.now());
    const signature = this.#env.crypto.ed25519Sign(seed, this.#signed(role, publicKey, clockMs));
    const plain = concat(encodeHandshakeIdentity({ publicKey, clockMs, signature }), descriptor);
    const sealed = new Uint8Array(plain.length + TAG_BYTES);
    this.#env.crypto.aead.seal(key, 0, plain, EMPTY, sealed.subarray(0, plain.length), sealed.subarray(plain.length));
    return sealed;
  }

  /** Undefined for every way in which it may be wrong: the wrong peer, a bad seal, a bad signature, ourselves. */
  #openIdentity(role: Uint8Array, key: Uint8Array, sealed: Uint8Array, tag: Uint8Array): Shown | undefined {
    const { crypto } = this.#env;
    const { expected, identity: own } = this.#options;
    const inside = new Uint8Array(sealed.length);
    if (!crypto.aead.open(key, 0, sealed, EMPTY, inside, tag)) return undefined;
    const theirs = decodeHandshakeIdentity(inside.subarray(0, LINK_IDENTITY_BYTES));
    if (equal(theirs.publicKey, own.publicKey)) return undefined;
    if (expected !== undefined && peerIdOf(theirs.publicKey) !== expected) return undefined;
    const good = crypto.ed25519Verify(theirs.publicKey, this.#signed(role, theirs.publicKey, theirs.clockMs), theirs.signature);
    return good ? { ...theirs, descriptor: inside.subarray(LINK_IDENTITY_BYTES) } : undefined;
  }

  #result({ publicKey, clockMs, descriptor }: Shown): HandshakeResult {
    const [fromDialler, fromListener] = deriveKeys32(LABEL.linkTraffic, this.#shared, [this.#transcript], 2) as [Uint8Array, Uint8Array];
    const halfwayMs = (this.#sentAt + this.#env.now()) / 2;
    const [sendKey, receiveKey] = this.#options.dialled ? [fromDialler, fromListener] : [fromListener, fromDialler];
    const shaken = { peer: peerIdOf(publicKey), clockOffsetMs: Math.round(clockMs - halfwayMs), sendKey, receiveKey };
    return descriptor.length === 0 ? shaken : { ...shaken, descriptor };
  }
}

function failed(code: LinkCloseCode): HandshakeStep {
  return { state: 'failed', code };
}

/** A WebRTC transport's binding: both ends' DTLS certificate fingerprints (SHA-256, 32 bytes each), the offering end's first. */
export function rtcBinding(
  crypto: Pick<CryptoPort, 'sha256'>,
  offererFingerprint: Uint8Array,
  answererFingerprint: Uint8Array,
): Uint8Array {
  return crypto.sha256(labelled(LABEL.linkBinding, offererFingerprint, answererFingerprint));
}
