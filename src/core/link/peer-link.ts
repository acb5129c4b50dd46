import type { PeerId } from '../bytes/brand.ts';
import { DecodeError } from '../bytes/errors.ts';
import type { Env } from '../env.ts';
import type { FrameClass, Link, LinkHandler, Transport, TransportHandler, TransportKind } from '../ports.ts';
import { frameCircuitId, frameLengthBytes, frameType } from '../wire/frame.ts';
import { LINK_BATCH_MAX_BYTES, LINK_MESSAGE_MAX_BYTES } from '../wire/geometry.ts';
import { decodeControl, descriptorFrames, encodeControl, splitBatch } from '../wire/link.ts';
import { CONTROL, FRAME, LINK_CLOSE, type LinkCloseCode } from '../wire/registry.ts';
import { FIRST_FLIGHT_BYTES, MESSAGE_SHARE_OF_BURST, QUEUE_MAX_BYTES, SILENT_MS, TRANSPORT_HOLD_BYTES } from './constants.ts';
import { DescriptorParts } from './descriptor-parts.ts';
import { FrameQueue } from './frame-queue.ts';
import type { HandshakeResult } from './handshake.ts';
import { Pulse } from './pulse.ts';
import { aeadSealer, plainSealer, type Sealer } from './seal.ts';
import type { Defer, LinkPulse } from './types.ts';

/** Circuit ids of the dialler have this bit, the listener's do not: both ends draw ids without asking. */
const DIALLER_BIT = 0x8000_0000;

/** A link whose handshake is done. Becomes its transport's handler. */
export class PeerLink implements Link, LinkPulse, TransportHandler {
  readonly peer: PeerId;
  readonly kind: TransportKind;
  readonly dialled: boolean;
  readonly openedAt: number;
  readonly clockOffsetMs: number;
  sentBytes = 0;
  receivedBytes = 0;
  usedAt: number;

  readonly #env: Env;
  readonly #transport: Transport;
  readonly #handler: LinkHandler;
  readonly #defer: Defer;
  readonly #sealer: Sealer;
  readonly #queue = new FrameQueue();
  readonly #parts = new DescriptorParts();
  readonly #pulse: Pulse;
  readonly #holdBytes: number;
  readonly #batchBytes: number;
  #sentAtMs = Number.NEGATIVE_INFINITY;
  /** Sent since the last silence. */
  #burstBytes = 0;
  #lastId = 0;
  #flushDue = false;
  #pongDue: number | undefined;
  #open = true;

  constructor(env: Env, transport: Transport, shaken: HandshakeResult, handler: LinkHandler, defer: Defer) {
    this.peer = shaken.peer;
    this.kind = transport.kind;
    this.dialled = transport.dialled;
    this.openedAt = this.usedAt = env.now();
    this.clockOffsetMs = shaken.clockOffsetMs;
    this.#env = env;
    this.#transport = transport;
    this.#handler = handler;
    this.#defer = defer;
    this.#sealer = transport.binding ? plainSealer : aeadSealer(env.crypto.aead, shaken.sendKey, shaken.receiveKey);
    this.#holdBytes = TRANSPORT_HOLD_BYTES[transport.kind];
    this.#batchBytes = Math.min(LINK_BATCH_MAX_BYTES, transport.maxMessageBytes - this.#sealer.overheadBytes);
    this.#pulse = new Pulse(env, this.dialled, {
      ping: (number) => this.#sendControl(encodeControl({ type: CONTROL.ping, number })),
      dead: () => this.close(LINK_CLOSE.timeout),
    });
    transport.handler = this;
  }

  get open(): boolean {
    return this.#open;
  }

  get heardAt(): number {
    return this.#pulse.heardAt;
  }

  /** Asks for a sign of life now instead of at the next silence. */
  ping(): void {
    this.#pulse.ask();
  }

  sendFrame(frame: Uint8Array, frameClass: FrameClass): void {
    if (frame.length !== frameLengthBytes(frameType(frame)))
      throw new RangeError(`a frame of type ${frameType(frame)} is not ${frame.length} bytes`);
    if (!this.#open) return;
    if (frameType(frame) === FRAME.destroy) {
      // What the circuit still had to say is of no use to anybody, and must not delay others.
      this.#queue.dropCircuit(frameCircuitId(frame));
      this.#queue.push(frame, 'control');
    } else this.#queue.push(frame, frameClass);
    if (this.#queue.waitingBytes > QUEUE_MAX_BYTES) this.close(LINK_CLOSE.budget);
    else this.#flushSoon();
  }

  queuedFrames(circuitId: number): number {
    return this.#queue.queuedFrames(circuitId);
  }

  whenQueueBelow(circuitId: number, below: number, call: () => void): void {
    if (!this.#open) return;
    this.#queue.whenBelow(circuitId, below, call);
    this.#flushSoon();
  }

  dropCircuit(circuitId: number): void {
    this.#queue.dropCircuit(circuitId);
  }

  newCircuitId(): number {
    this.#lastId++; // 2^31 of them outlast any link
    return this.dialled ? (DIALLER_BIT | this.#lastId) >>> 0 : this.#lastId;
  }

  sendDescriptor(descriptor: Uint8Array): void {
    for (const frame of descriptorFrames(descriptor)) this.#sendControl(frame);
  }

  /** At once and past the queue: it is mostly followed by the goodbye. */
  sendWithdrawal(request: Uint8Array): void {
    if (this.#open) this.#send([encodeControl({ type: CONTROL.withdrawal, request })]);
  }

  close(code: LinkCloseCode): void {
    if (!this.#open) return;
    this.#queue.clear();
    this.#send([encodeControl({ type: CONTROL.goodbye, code })]);
    this.#end(code);
  }

  // ---- what the transport says

  onMessage(message: Uint8Array): void {
    if (!this.#open) return;
    this.#pulse.heard();
    this.receivedBytes += message.length;
    try {
      this.#receive(message);
    } catch (error) {
      // Anything but a DecodeError is a fault of whoever handles the frames here: told, and no other link suffers from it.
      if (!(error instanceof DecodeError)) this.#env.log('error', 'link', `a frame's handler failed: ${String(error)}`);
      this.close(LINK_CLOSE.breach);
    }
  }

  onDrain(): void {
    this.#flush();
  }

  onClose(_why: string): void {
    this.#end(LINK_CLOSE.transport);
  }

  // ---- receiving

  #receive(message: Uint8Array): void {
    const batch = message.length <= LINK_MESSAGE_MAX_BYTES ? this.#sealer.open(message) : undefined;
    if (batch === undefined || batch.length === 0) {
      this.close(LINK_CLOSE.breach);
      return;
    }
    const frames = splitBatch(batch);
    for (const frame of frames) {
      if (!this.#open) return;
      if (!this.#allowed(frame)) this.close(LINK_CLOSE.breach);
      else if (frameType(frame) === FRAME.control) this.#onControl(frame);
      else if (frameType(frame) !== FRAME.padding) {
        this.usedAt = this.#pulse.heardAt;
        this.#handler.onFrame(this, frame);
      }
    }
  }

  /** Whether a frame of this type may carry this circuit id in this direction. */
  #allowed(frame: Uint8Array): boolean {
    const id = frameCircuitId(frame);
    const type = frameType(frame);
    if (type === FRAME.control || type === FRAME.padding) return id === 0;
    const theirs = id >= DIALLER_BIT !== this.dialled;
    if (type === FRAME.setup) return id !== 0 && theirs;
    if (type === FRAME.reply) return id !== 0 && !theirs;
    return id !== 0;
  }

  #onControl(frame: Uint8Array): void {
    const control = decodeControl(frame);
    if (control.type === CONTROL.ping) {
      // One pong however many pings: a flood of them must not fill the queue.
      this.#pongDue = control.number;
      this.#flushSoon();
    } else if (control.type === CONTROL.goodbye) this.#end(control.code);
    else if (control.type === CONTROL.withdrawal) this.#handler.onWithdrawal(this, control.request);
    else if (control.type === CONTROL.descriptorPart) {
      const descriptor = this.#parts.add(control, this.#pulse.heardAt);
      if (descriptor === false) this.close(LINK_CLOSE.breach);
      else if (descriptor !== undefined) this.#handler.onDescriptor(this, descriptor);
    }
  }

  // ---- sending

  #sendControl(frame: Uint8Array): void {
    if (!this.#open) return;
    this.#queue.push(frame, 'control');
    this.#flushSoon();
  }

  /** All that one turn queues leaves in one message, or in several at the beginning of a burst. */
  #flushSoon(): void {
    if (this.#flushDue) return;
    this.#flushDue = true;
    this.#defer(() => {
      this.#flushDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    // Up to half of what the transport may hold stays unsent there; then as much as fits in one message, so messages are large.
    while (this.#open && this.#transport.bufferedBytes <= this.#holdBytes / 2) {
      this.#queuePong();
      const roomBytes = this.#holdBytes - this.#transport.bufferedBytes - this.#sealer.overheadBytes;
      const frames = this.#queue.take(Math.min(this.#batchBytes, roomBytes), this.#wishedBytes());
      if (frames.length === 0) break;
      this.#send(frames);
    }
    for (const call of this.#queue.takeDue()) call();
  }

  /** As much as may arrive in one round trip, where others wait for a whole message. */
  #wishedBytes(): number {
    if (this.#env.now() - this.#sentAtMs > SILENT_MS) this.#burstBytes = 0;
    const atOnceBytes = FIRST_FLIGHT_BYTES - this.#burstBytes;
    return atOnceBytes > 0 ? atOnceBytes : this.#burstBytes * MESSAGE_SHARE_OF_BURST;
  }

  #queuePong(): void {
    if (this.#pongDue === undefined) return;
    this.#queue.push(encodeControl({ type: CONTROL.pong, number: this.#pongDue }), 'control');
    this.#pongDue = undefined;
  }

  #send(frames: readonly Uint8Array[]): void {
    let lengthBytes = 0;
    let ofCircuits = false;
    for (const frame of frames) {
      lengthBytes += frame.length;
      ofCircuits ||= frameCircuitId(frame) !== 0;
    }
    this.sentBytes += lengthBytes;
    this.#burstBytes += lengthBytes;
    this.#sentAtMs = this.#env.now();
    if (ofCircuits) {
      this.usedAt = this.#sentAtMs;
      this.#pulse.sent();
    }
    this.#transport.send(this.#sealer.pack(frames, lengthBytes));
  }

  #end(code: LinkCloseCode): void {
    if (!this.#open) return;
    this.#open = false;
    this.#pulse.stop();
    this.#queue.clear();
    this.#transport.close();
    this.#handler.onClose(this, code);
  }
}
