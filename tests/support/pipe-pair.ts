import type { Env } from '../../src/core/env.ts';
import type { Pipe, PipeHandler } from '../../src/core/ports.ts';
import { SEALED_PAYLOAD_BYTES } from '../../src/core/wire/geometry.ts';
import { CLOSE, type CloseReason } from '../../src/core/wire/registry.ts';

export interface PipePairOptions {
  /** One way. */
  readonly delayMs?: number;
  readonly payloadBytes?: number;
  /** Payloads that may be sent before the other side has used some up. */
  readonly window?: number;
  readonly payloadsPerSecond?: number;
}

export class MemoryPipe implements Pipe {
  readonly payloadBytes: number;
  readonly roundTripMs: number;
  handler: PipeHandler | undefined;
  peer: MemoryPipe | undefined;
  sent = 0;
  closed: CloseReason | undefined;
  #room: number;
  #freeAtMs = 0;

  constructor(
    readonly env: Env,
    readonly options: PipePairOptions,
  ) {
    this.payloadBytes = options.payloadBytes ?? SEALED_PAYLOAD_BYTES;
    this.roundTripMs = 2 * (options.delayMs ?? 0);
    this.#room = options.window ?? 64;
  }

  get ready(): boolean {
    return this.closed === undefined && this.#room > 0;
  }

  send(payload: Uint8Array): void {
    if (!this.ready) throw new RangeError('the pipe is not ready');
    if (payload.length !== this.payloadBytes) throw new RangeError(`a payload of ${payload.length} bytes, wanted ${this.payloadBytes}`);
    this.sent++;
    this.#room--;
    const copy = payload.slice();
    payload.fill(0xdd);
    this.#freeAtMs = Math.max(this.#freeAtMs, this.env.now()) + 1000 / (this.options.payloadsPerSecond ?? Number.POSITIVE_INFINITY);
    this.env.schedule(this.#freeAtMs - this.env.now() + (this.options.delayMs ?? 0), () => {
      if (this.peer?.closed === undefined) this.peer?.handler?.onPayload(copy);
    });
  }

  consumed(count: number): void {
    this.env.schedule(this.options.delayMs ?? 0, () => this.peer?.onRoom(count));
  }

  onRoom(count: number): void {
    const wasReady = this.ready;
    this.#room += count;
    if (!wasReady && this.ready) this.handler?.onReady();
  }

  close(reason: CloseReason): void {
    if (this.closed !== undefined) return;
    this.closed = reason;
    this.env.schedule(this.options.delayMs ?? 0, () => this.peer?.lose(reason));
  }

  /** The path is gone: what is on its way is lost. */
  lose(reason: CloseReason): void {
    if (this.closed !== undefined) return;
    this.closed = reason;
    this.handler?.onClose(reason);
  }
}

/** Two ends of a pipe without a circuit. `cut` loses what is on its way, and both ends hear of it at once. */
export function pipePair(env: Env, options: PipePairOptions = {}): { a: MemoryPipe; b: MemoryPipe; cut(): void } {
  const a = new MemoryPipe(env, options);
  const b = new MemoryPipe(env, options);
  a.peer = b;
  b.peer = a;
  return {
    a,
    b,
    cut() {
      a.lose(CLOSE.linkLost);
      b.lose(CLOSE.linkLost);
    },
  };
}
