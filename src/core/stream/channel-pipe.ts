import type { Pipe, PipeHandler } from '../ports.ts';
import { CHANNEL_FIRST_CREDIT, CONTROL_PAYLOAD_BYTES, PAYLOAD_BYTES } from '../wire/geometry.ts';
import type { CloseReason } from '../wire/registry.ts';
import { CHANNEL_WINDOW_MAX, CREDIT_ROUND_LEAST_MS, CREDIT_ROUND_MOST_MS, CREDIT_ROUND_MS } from './constants.ts';
import { Grant } from './grant.ts';
import type { GrowthBudget } from './growth.ts';

/** What a pipe asks of the circuit it belongs to. */
export interface PipeOwner {
  now(): number;
  readonly roundTripMs: number | undefined;
  readonly growth: GrowthBudget;
  /** Payloads that came and were not used up, in all its channels. */
  readonly held: { payloads: number };
  /** The pipe's payload waits for its turn. */
  onQueued(pipe: ChannelPipe): void;
  onCreditDue(pipe: ChannelPipe): void;
  /** This end has closed the pipe, and nothing of it waits any more. */
  onClosedHere(pipe: ChannelPipe, reason: CloseReason): void;
}

/**
 * One channel. Holds at most one payload to send: what comes after it is chosen when its turn has come. Channel 0 has no credit:
 * its messages are used up as they come.
 */
export class ChannelPipe implements Pipe {
  readonly payloadBytes: number;
  readonly #owner: PipeOwner;
  readonly #grant: Grant | undefined;
  #handler: PipeHandler | undefined;
  #waiting: Uint8Array | undefined;
  #sent = 0;
  #sendLimit: number;
  #received = 0;
  #consumed = 0;
  /** Came before there was a handler. */
  #held: Uint8Array[] = [];
  #closing: CloseReason | undefined;
  #closed: CloseReason | undefined;

  constructor(
    owner: PipeOwner,
    readonly number: number,
  ) {
    this.#owner = owner;
    this.payloadBytes = number === 0 ? CONTROL_PAYLOAD_BYTES : PAYLOAD_BYTES;
    const held = () => this.heldPayloads;
    this.#grant = number === 0 ? undefined : new Grant(CHANNEL_FIRST_CREDIT, CHANNEL_WINDOW_MAX, owner.growth, held, owner.now());
    this.#sendLimit = number === 0 ? Number.POSITIVE_INFINITY : CHANNEL_FIRST_CREDIT;
  }

  get ready(): boolean {
    return this.#waiting === undefined && this.#closing === undefined && this.#closed === undefined && this.#sent < this.#sendLimit;
  }

  get roundTripMs(): number | undefined {
    return this.#owner.roundTripMs;
  }

  get heldPayloads(): number {
    return this.#received - this.#consumed;
  }

  get handler(): PipeHandler | undefined {
    return this.#handler;
  }

  set handler(handler: PipeHandler | undefined) {
    this.#handler = handler;
    const held = this.#held;
    this.#held = [];
    for (const payload of held) this.#handler?.onPayload(payload);
    if (this.#closed !== undefined) this.#handler?.onClose(this.#closed);
  }

  send(payload: Uint8Array): void {
    if (!this.ready) throw new RangeError('a payload was sent into a pipe that is not ready');
    if (payload.length !== this.payloadBytes) throw new RangeError(`a payload of ${payload.length} bytes, wanted ${this.payloadBytes}`);
    this.#waiting = payload;
    this.#sent++;
    this.#owner.onQueued(this);
  }

  consumed(count: number): void {
    if (this.#grant === undefined || this.#closed !== undefined) return;
    if (count > this.heldPayloads) throw new RangeError(`${count} payloads were used up where ${this.heldPayloads} came`);
    this.#consumed += count;
    this.#owner.held.payloads -= count;
    const roundMs = Math.min(CREDIT_ROUND_MOST_MS, Math.max(CREDIT_ROUND_LEAST_MS, this.roundTripMs ?? CREDIT_ROUND_MS));
    this.#grant.use(count, this.#owner.now(), roundMs);
    if (this.#grant.due) this.#owner.onCreditDue(this);
  }

  close(reason: CloseReason): void {
    if (this.#closed !== undefined || this.#closing !== undefined) return;
    if (this.#waiting !== undefined) this.#closing = reason;
    else this.#closeHere(reason);
  }

  // ------------------------------------------------------------ for the circuit

  /** The payload whose turn has come; undefined when the channel was closed meanwhile. */
  take(): Uint8Array | undefined {
    const payload = this.#waiting;
    this.#waiting = undefined;
    return payload;
  }

  /** What `take` gave is on its way. */
  onTaken(): void {
    if (this.#closing !== undefined) this.#closeHere(this.#closing);
    else if (this.ready) this.#handler?.onReady();
  }

  /** False when the other side had no credit for it. */
  accept(payload: Uint8Array): boolean {
    if (this.#received >= (this.#grant?.told ?? Number.POSITIVE_INFINITY)) return false;
    if (this.#grant !== undefined) {
      this.#received++;
      this.#owner.held.payloads++;
    }
    if (this.#handler !== undefined) this.#handler.onPayload(payload);
    else if (this.#held.push(payload) > CHANNEL_WINDOW_MAX) return false;
    return true;
  }

  onCredit(limit: number): void {
    const wasReady = this.ready;
    this.#sendLimit = Math.max(this.#sendLimit, limit);
    if (!wasReady && this.ready) this.#handler?.onReady();
  }

  tellLimit(): number {
    return (this.#grant as Grant).tell();
  }

  /** The other side, or the end of the circuit, has closed it. */
  onClosedThere(reason: CloseReason): void {
    if (this.#closed !== undefined) return;
    this.#forget(reason);
    this.#handler?.onClose(reason);
  }

  #closeHere(reason: CloseReason): void {
    this.#held = [];
    this.#forget(reason);
    this.#owner.onClosedHere(this, reason);
  }

  #forget(reason: CloseReason): void {
    this.#closed = reason;
    this.#waiting = undefined;
    this.#grant?.release();
    this.#owner.held.payloads -= this.heldPayloads;
  }
}
