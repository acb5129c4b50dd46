import { EMPTY } from '../bytes/bytes.ts';
import type { Aead, Pipe, PipeHandler } from '../ports.ts';
import { newPayload } from '../wire/channel.ts';
import { HELLO_ANSWER_MESSAGES_BYTES, SEALED_PAYLOAD_BYTES } from '../wire/geometry.ts';
import { CLOSE, type CloseReason } from '../wire/registry.ts';

/** 32 bytes a direction, each key used for nothing else. */
export interface SealKeys {
  readonly send: Uint8Array;
  readonly receive: Uint8Array;
}

export interface SealedPipeOptions {
  /** At the service: stands before the first payload sent, which is so much shorter. */
  readonly answerHeader?: Uint8Array;
  /** At the visitor: payloads that were opened before, the answer to the hello. */
  readonly opened?: number;
}

/**
 * A pipe whose payloads are sealed end to end over another's. The counter of a direction is not sent: what is lost, repeated or
 * out of order fails to open, and that ends this pipe and no other. What comes before there is a handler waits for it; the
 * window bounds it.
 */
export class SealedPipe implements Pipe {
  readonly #aead: Aead;
  readonly #inner: Pipe;
  readonly #keys: SealKeys;
  #answerHeader: Uint8Array | undefined;
  #sent = 0;
  #opened: number;
  #handler: PipeHandler | undefined;
  #waiting: Uint8Array[] = [];
  #ended: CloseReason | undefined;
  /** Called once, whoever closed it; not for a pipe that had ended before this was set (see `ended`). */
  onEnd: (() => void) | undefined;

  constructor(aead: Aead, inner: Pipe, keys: SealKeys, options: SealedPipeOptions = {}) {
    this.#aead = aead;
    this.#inner = inner;
    this.#keys = keys;
    this.#answerHeader = options.answerHeader;
    this.#opened = options.opened ?? 0;
    inner.handler = {
      onPayload: (payload) => this.#open(payload),
      onReady: () => this.#handler?.onReady(),
      onClose: (reason) => this.#end(reason, true),
    };
  }

  /** Shorter for the service's first payload than for all others. */
  get payloadBytes(): number {
    return this.#answerHeader === undefined ? SEALED_PAYLOAD_BYTES : HELLO_ANSWER_MESSAGES_BYTES;
  }

  get ready(): boolean {
    return this.#ended === undefined && this.#inner.ready;
  }

  get roundTripMs(): number | undefined {
    return this.#inner.roundTripMs;
  }

  get sentPayloads(): number {
    return this.#sent;
  }

  get ended(): boolean {
    return this.#ended !== undefined;
  }

  get handler(): PipeHandler | undefined {
    return this.#handler;
  }

  set handler(handler: PipeHandler | undefined) {
    this.#handler = handler;
    if (handler === undefined) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const payload of waiting) handler.onPayload(payload);
    if (this.#ended !== undefined) handler.onClose(this.#ended);
  }

  send(payload: Uint8Array): void {
    if (this.#ended !== undefined) return;
    if (payload.length !== this.payloadBytes) throw new RangeError(`a payload of ${payload.length} bytes, wanted ${this.payloadBytes}`);
    const header = this.#answerHeader ?? EMPTY;
    const whole = newPayload();
    whole.set(header);
    const tagAt = header.length + payload.length;
    this.#aead.seal(this.#keys.send, this.#sent, payload, header, whole.subarray(header.length, tagAt), whole.subarray(tagAt));
    this.#sent++;
    this.#answerHeader = undefined;
    this.#inner.send(whole);
  }

  consumed(count: number): void {
    if (this.#ended === undefined) this.#inner.consumed(count);
  }

  close(reason: CloseReason): void {
    if (this.#ended !== undefined) return;
    this.#handler = undefined;
    this.#waiting = [];
    this.#inner.close(reason);
    this.#end(reason, false);
  }

  #open(sealed: Uint8Array): void {
    if (this.#ended !== undefined) return;
    const payload = sealed.subarray(0, SEALED_PAYLOAD_BYTES);
    const tag = sealed.subarray(SEALED_PAYLOAD_BYTES);
    if (!this.#aead.open(this.#keys.receive, this.#opened, payload, EMPTY, payload, tag)) {
      this.#inner.close(CLOSE.ended);
      this.#end(CLOSE.ended, true);
      return;
    }
    this.#opened++;
    if (this.#handler === undefined) this.#waiting.push(payload);
    else this.#handler.onPayload(payload);
  }

  #end(reason: CloseReason, tell: boolean): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    if (tell) this.#handler?.onClose(reason);
    this.onEnd?.();
  }
}
