import type { Env } from '../core/env.ts';
import { LINK_MESSAGE_MAX_BYTES } from '../core/wire/geometry.ts';
import { TRANSPORT_HOLD_BYTES } from '../core/link/constants.ts';
import type { Transport, TransportHandler } from '../core/ports.ts';
import { HandlerSlot } from './handler-slot.ts';

export interface MemoryOptions {
  /** One way. */
  delayMs?: number;
  /** What one direction carries; unlimited unless said. */
  bytesPerSecond?: number;
  /** As of a data channel; undefined, as for a WebSocket, makes links encrypt. */
  binding?: Uint8Array;
}

/** One end of a wire without sockets, on the environment's clock. */
class MemoryTransport implements Transport {
  readonly kind = 'memory';
  readonly maxMessageBytes = LINK_MESSAGE_MAX_BYTES;
  readonly binding: Uint8Array | undefined;
  bufferedBytes = 0;
  readonly #slot = new HandlerSlot();
  readonly #env: Pick<Env, 'now' | 'schedule'>;
  readonly #options: MemoryOptions;
  #other: MemoryTransport | undefined;
  /** When the wire has carried what was handed over. */
  #freeAt = 0;

  constructor(
    env: Pick<Env, 'now' | 'schedule'>,
    readonly dialled: boolean,
    options: MemoryOptions,
  ) {
    this.#env = env;
    this.#options = options;
    this.binding = options.binding;
  }

  join(other: MemoryTransport): void {
    this.#other = other;
  }

  receive(message: Uint8Array): void {
    this.#slot.message(message);
  }

  lose(): void {
    this.#slot.close('the other end closed');
  }

  get handler(): TransportHandler | undefined {
    return this.#slot.handler;
  }

  set handler(handler: TransportHandler | undefined) {
    this.#slot.handler = handler;
  }

  send(message: Uint8Array): void {
    if (this.#slot.closed) return;
    const { delayMs = 0, bytesPerSecond = Number.POSITIVE_INFINITY } = this.#options;
    const now = this.#env.now();
    this.#freeAt = Math.max(this.#freeAt, now) + (message.length / bytesPerSecond) * 1000;
    this.bufferedBytes += message.length;
    const other = this.#other;
    this.#env.schedule(this.#freeAt - now, () => this.#sent(message.length));
    this.#env.schedule(this.#freeAt - now + delayMs, () => other?.receive(message));
  }

  close(): void {
    if (this.#slot.closed) return;
    const { delayMs = 0 } = this.#options;
    // Behind what was sent: a goodbye arrives before the end.
    const restMs = Math.max(0, this.#freeAt - this.#env.now()) + delayMs;
    const other = this.#other;
    this.#env.schedule(restMs, () => other?.lose());
    this.#slot.close('closed here');
  }

  #sent(lengthBytes: number): void {
    const half = TRANSPORT_HOLD_BYTES.memory / 2;
    const wasHigh = this.bufferedBytes > half;
    this.bufferedBytes -= lengthBytes;
    if (wasHigh && this.bufferedBytes <= half) this.#slot.drain();
  }
}

/** Two ends of one wire; the first is the one that dialled. */
export function memoryPair(env: Pick<Env, 'now' | 'schedule'>, options: MemoryOptions = {}): [Transport, Transport] {
  const dialler = new MemoryTransport(env, true, options);
  const listener = new MemoryTransport(env, false, options);
  dialler.join(listener);
  listener.join(dialler);
  return [dialler, listener];
}
