import type { Pipe } from '../ports.ts';
import type { CloseReason } from '../wire/registry.ts';

/**
 * Joins two channels of two circuits: a payload that comes in at one side goes out at the other, and is given back as used up only
 * then. So each window ends here, bounds what waits here, and a slow side holds up nobody else. When one side closes, what waits
 * still goes out, and then the other side closes.
 */
export class Splice {
  readonly #sides: readonly [Side, Side];
  #ended = false;
  #onEnd: () => void = () => undefined;

  /** @param first payloads for `b` that never came through `a`. */
  constructor(a: Pipe, b: Pipe, first: readonly Uint8Array[]) {
    const toB: Side = { from: a, to: b, queue: [...first], owed: -first.length, closing: undefined };
    const toA: Side = { from: b, to: a, queue: [], owed: 0, closing: undefined };
    this.#sides = [toB, toA];
  }

  /** `onEnd` is called once, perhaps before this returns. */
  start(onEnd: () => void): void {
    this.#onEnd = onEnd;
    const [toB, toA] = this.#sides;
    this.#listen(toB.from, toB, toA);
    this.#listen(toA.from, toA, toB);
    this.#pump(toB);
  }

  /** Both sides, at once. */
  close(reason: CloseReason): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const side of this.#sides) {
      side.queue = [];
      side.from.close(reason);
    }
    this.#onEnd();
  }

  #listen(pipe: Pipe, outOf: Side, into: Side): void {
    pipe.handler = {
      onPayload: (payload) => {
        if (this.#ended) return;
        outOf.queue.push(payload);
        this.#pump(outOf);
      },
      onReady: () => this.#pump(into),
      onClose: (reason) => {
        outOf.closing = reason;
        this.#pump(outOf);
      },
    };
  }

  #pump(side: Side): void {
    if (this.#ended) return;
    while (side.queue.length > 0 && side.to.ready) {
      side.to.send(side.queue.shift() as Uint8Array);
      side.owed++;
    }
    if (side.owed > 0 && side.closing === undefined) {
      side.from.consumed(side.owed);
      side.owed = 0;
    }
    if (side.closing !== undefined && side.queue.length === 0) this.close(side.closing);
  }
}

interface Side {
  readonly from: Pipe;
  readonly to: Pipe;
  queue: Uint8Array[];
  /** Payloads forwarded and not yet given back; below zero while those that never took a window are going out. */
  owed: number;
  /** `from` has closed, and why. */
  closing: CloseReason | undefined;
}
