import type { Env } from '../../src/core/env.ts';
import type { CircuitEnd, CircuitEndHandler } from '../../src/core/ports.ts';
import { CELL_BODY_BYTES, FRAME_CELL_BYTES } from '../../src/core/wire/geometry.ts';
import type { CloseReason } from '../../src/core/wire/registry.ts';

/** A link in the middle of a path: first come, first served, at a rate. Circuits that are given the same one share it. */
export class Bottleneck {
  #freeAtMs = 0;
  longestQueueCells = 0;
  passedCells = 0;

  constructor(
    readonly env: Env,
    readonly bytesPerSecond: number,
  ) {}

  get cellMs(): number {
    return (1000 * FRAME_CELL_BYTES) / this.bytesPerSecond;
  }

  get queuedCells(): number {
    return Math.max(0, this.#freeAtMs - this.env.now()) / this.cellMs;
  }

  /** How long a cell that comes now takes to get through. */
  pass(): number {
    const startMs = Math.max(this.#freeAtMs, this.env.now());
    this.#freeAtMs = startMs + this.cellMs;
    this.passedCells++;
    this.longestQueueCells = Math.max(this.longestQueueCells, this.queuedCells);
    return this.#freeAtMs - this.env.now();
  }
}

/**
 * The event loops on a path, busy with other work as well: each holds all that comes for up to `mostMs`, then lets it go at once. As many
 * loops in a row as relays; a cell takes 0 to `mostMs` in each, the mean a third of that.
 */
export class BusyLoops {
  readonly #freeAtMs: number[];

  constructor(
    readonly env: Env,
    readonly loops: number,
    readonly mostMs: number,
  ) {
    this.#freeAtMs = new Array<number>(loops).fill(0);
  }

  /** How long a cell that comes `inMs` from now takes to get through. */
  pass(inMs: number): number {
    const cameMs = this.env.now() + inMs;
    let atMs = cameMs;
    for (let loop = 0; loop < this.loops; loop++) {
      // It comes while the loop works: it waits for the end. It comes to an idle loop, which then has work for some time.
      if (atMs > (this.#freeAtMs[loop] as number))
        this.#freeAtMs[loop] = atMs + ((this.env.random(1)[0] as number) / 256) ** 2 * this.mostMs;
      atMs = this.#freeAtMs[loop] as number;
    }
    return atMs - cameMs;
  }
}

export interface CircuitPairOptions {
  /** From the builder to the last hop, and back: after the bottleneck. */
  readonly busy?: BusyLoops;
  readonly busyBack?: BusyLoops;
  /** One way. */
  readonly delayMs?: number;
  /** From the builder to the last hop. */
  readonly out?: Bottleneck;
  /** From the last hop to the builder. */
  readonly back?: Bottleneck;
  /** Its cells wait at the sender (`queuedCells`), as on a link next to it; else in the middle. */
  readonly atSender?: boolean;
}

class MemoryEnd implements CircuitEnd {
  #handler: CircuitEndHandler | undefined;
  /** Came before there was a handler. */
  #held: Uint8Array[] = [];
  peer: MemoryEnd | undefined;
  queuedCells = 0;
  sentCells = 0;
  closed: CloseReason | undefined;

  constructor(
    readonly env: Env,
    readonly name: string,
    readonly isBuilder: boolean,
    readonly options: CircuitPairOptions,
    readonly bottleneck: Bottleneck | undefined,
    readonly busy: BusyLoops | undefined,
  ) {}

  get handler(): CircuitEndHandler | undefined {
    return this.#handler;
  }

  set handler(handler: CircuitEndHandler | undefined) {
    this.#handler = handler;
    for (const body of this.#held.splice(0)) handler?.onBody(body);
  }

  send(body: Uint8Array): void {
    if (body.length !== CELL_BODY_BYTES) throw new RangeError(`a body of ${body.length} bytes`);
    if (this.closed !== undefined) return;
    this.sentCells++;
    const queuedMs = this.bottleneck?.pass() ?? 0;
    const throughMs = queuedMs + (this.busy?.pass(queuedMs) ?? 0);
    if (this.options.atSender === true) {
      this.queuedCells++;
      this.env.schedule(throughMs, () => {
        this.queuedCells--;
        if (this.queuedCells === 15) this.handler?.onDrain();
      });
    }
    const copy = body.slice(); // what is handed over is not read again: a sender that changes it later must not be noticed
    body.fill(0xdd);
    this.env.schedule(throughMs + (this.options.delayMs ?? 0), () => {
      this.peer?.onBody(copy);
    });
  }

  close(reason: CloseReason): void {
    if (this.closed !== undefined) return;
    this.closed = reason;
    this.env.schedule(this.options.delayMs ?? 0, () => this.peer?.onPeerClosed(reason));
  }

  onBody(body: Uint8Array): void {
    if (this.closed !== undefined) return;
    if (this.#handler === undefined) this.#held.push(body);
    else this.#handler.onBody(body);
  }

  onPeerClosed(reason: CloseReason): void {
    if (this.closed !== undefined) return;
    this.closed = reason;
    this.handler?.onClose(reason);
  }
}

/** Both ends of a circuit without a network: whole bodies, in order, after a delay, at a rate. */
export function circuitPair(env: Env, options: CircuitPairOptions = {}): { builder: MemoryEnd; last: MemoryEnd } {
  const builder = new MemoryEnd(env, 'builder', true, options, options.out, options.busy);
  const last = new MemoryEnd(env, 'last hop', false, options, options.back, options.busyBack);
  builder.peer = last;
  last.peer = builder;
  return { builder, last };
}
