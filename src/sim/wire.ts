import { type MemoryOptions, memoryPair } from '../adapters/memory-transport.ts';
import { HandlerSlot } from '../adapters/handler-slot.ts';
import type { Env } from '../core/env.ts';
import type { Transport, TransportHandler } from '../core/ports.ts';

export type WireState = 'open' | 'stalled' | 'silent' | 'closed';

/** Two joined ends in memory with latency and bandwidth, and a hand that can interfere with both at any moment. */
export class Wire {
  readonly dialler: Transport;
  readonly listener: Transport;
  readonly #ends: readonly [WireEnd, WireEnd];
  readonly #env: Pick<Env, 'now' | 'schedule'>;
  #state: WireState = 'open';

  constructor(env: Pick<Env, 'now' | 'schedule'>, options: MemoryOptions) {
    const [dialler, listener] = memoryPair(env, options);
    this.#env = env;
    this.#ends = [new WireEnd(dialler, this), new WireEnd(listener, this)];
    [this.dialler, this.listener] = this.#ends;
  }

  get state(): WireState {
    return this.#state;
  }

  /** Both ends learn at once that it broke; what was on the way is lost. */
  cut(why = 'the wire was cut'): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#env.schedule(0, () => {
      for (const end of this.#ends) end.break(why);
    });
  }

  /** Nothing arrives any more and nobody is told: a cable pulled, a machine gone. For ever. */
  silence(): void {
    if (this.#state !== 'closed') this.#state = 'silent';
  }

  /** What is sent from now on waits until `resume`; what is on the way arrives. */
  stall(): void {
    if (this.#state === 'open') this.#state = 'stalled';
  }

  resume(): void {
    if (this.#state !== 'stalled') return;
    this.#state = 'open';
    for (const end of this.#ends) end.release();
  }

  /** An end of it was closed in the ordinary way. */
  closed(): void {
    this.#state = 'closed';
  }
}

class WireEnd implements Transport {
  readonly kind = 'memory';
  readonly #slot = new HandlerSlot();
  readonly #inner: Transport;
  readonly #wire: Wire;
  #held: Uint8Array[] = [];
  #heldBytes = 0;

  constructor(inner: Transport, wire: Wire) {
    this.#inner = inner;
    this.#wire = wire;
    inner.handler = {
      onMessage: (message) => {
        if (wire.state !== 'silent') this.#slot.message(message);
      },
      onDrain: () => this.#slot.drain(),
      onClose: (why) => {
        if (wire.state === 'silent') return;
        wire.closed();
        this.#slot.close(why);
      },
    };
  }

  get dialled(): boolean {
    return this.#inner.dialled;
  }

  get binding(): Uint8Array | undefined {
    return this.#inner.binding;
  }

  get maxMessageBytes(): number {
    return this.#inner.maxMessageBytes;
  }

  get bufferedBytes(): number {
    return this.#inner.bufferedBytes + this.#heldBytes;
  }

  get handler(): TransportHandler | undefined {
    return this.#slot.handler;
  }

  set handler(handler: TransportHandler | undefined) {
    this.#slot.handler = handler;
  }

  send(message: Uint8Array): void {
    if (this.#slot.closed) return;
    if (this.#wire.state === 'open') this.#inner.send(message);
    else {
      this.#held.push(message);
      this.#heldBytes += message.length;
    }
  }

  close(): void {
    this.#inner.close();
    this.#slot.close('closed here');
  }

  /** Hands on what a stall has held; a drain follows from the wire itself. */
  release(): void {
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    for (const message of held) this.#inner.send(message);
  }

  break(why: string): void {
    this.#slot.close(why);
    this.#inner.close();
  }
}
