import type { FrameClass } from '../ports.ts';
import { frameCircuitId } from '../wire/frame.ts';
import { TURN_BYTES } from './constants.ts';
import { Fifo } from './fifo.ts';

interface CircuitQueue {
  readonly id: number;
  readonly group: Group;
  frames: Fifo<Uint8Array>;
  credit: number;
}

interface Waiter {
  readonly below: number;
  readonly call: () => void;
}

/** The circuits of one class that have frames waiting. */
class Group {
  /** Circuits that just had nothing waiting: served first, so that a page load passes bulk. */
  readonly fresh = new Fifo<CircuitQueue>();
  readonly turns = new Fifo<CircuitQueue>();
  frames = 0;
}

/**
 * What waits on one link. Control first; then, while both wait, own and relayed bytes in equal parts; within each, circuits
 * by turns: deficit round-robin with a list of fresh circuits (RFC 8290 § 4, without its drops). Constant work per frame.
 */
export class FrameQueue {
  readonly #control = new Fifo<Uint8Array>();
  readonly #own = new Group();
  readonly #relayed = new Group();
  readonly #circuits = new Map<number, CircuitQueue>();
  readonly #waiters = new Map<number, Waiter[]>();
  #due: (() => void)[] = [];
  #waitingBytes = 0;
  /** Own bytes sent beyond relayed ones since both began to wait. */
  #ownLead = 0;

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  queuedFrames(circuitId: number): number {
    return this.#circuits.get(circuitId)?.frames.length ?? 0;
  }

  push(frame: Uint8Array, frameClass: FrameClass): void {
    this.#waitingBytes += frame.length;
    if (frameClass === 'control') {
      this.#control.push(frame);
      return;
    }
    const id = frameCircuitId(frame);
    let circuit = this.#circuits.get(id);
    if (circuit === undefined) {
      circuit = { id, group: frameClass === 'own' ? this.#own : this.#relayed, frames: new Fifo(), credit: TURN_BYTES };
      this.#circuits.set(id, circuit);
      circuit.group.fresh.push(circuit);
    }
    circuit.frames.push(frame);
    circuit.group.frames++;
  }

  /** Forgets a circuit's frames and who waits for them; the empty queue leaves at its next turn. */
  dropCircuit(circuitId: number): void {
    this.#waiters.delete(circuitId);
    const circuit = this.#circuits.get(circuitId);
    if (circuit === undefined) return;
    for (let frame = circuit.frames.shift(); frame !== undefined; frame = circuit.frames.shift()) {
      this.#waitingBytes -= frame.length;
      circuit.group.frames--;
    }
  }

  /** Drops everything: the link has closed. */
  clear(): void {
    for (const id of [...this.#circuits.keys()]) this.dropCircuit(id);
    this.#waiters.clear();
    this.#due = [];
    while (this.#control.shift() !== undefined);
    this.#waitingBytes = 0;
  }

  /** `call` becomes due once, when fewer than `below` frames of that circuit wait; that may be at once. */
  whenBelow(circuitId: number, below: number, call: () => void): void {
    if (this.queuedFrames(circuitId) < below) {
      this.#due.push(call);
      return;
    }
    const waiters = this.#waiters.get(circuitId);
    if (waiters === undefined) this.#waiters.set(circuitId, [{ below, call }]);
    else waiters.push({ below, call });
  }

  /** Those whose wait is over; the caller calls them when it is done with the queue. */
  takeDue(): (() => void)[] {
    const due = this.#due;
    if (due.length > 0) this.#due = [];
    return due;
  }

  /** The next frame, and more as long as all together are within `wishedBytes`; nothing that is not within `roomBytes`. */
  take(roomBytes: number, wishedBytes: number): Uint8Array[] {
    const frames: Uint8Array[] = [];
    for (let takenBytes = 0; ; ) {
      const frame = this.#next((frames.length === 0 ? roomBytes : Math.min(roomBytes, wishedBytes)) - takenBytes);
      if (frame === undefined) return frames;
      frames.push(frame);
      takenBytes += frame.length;
      this.#waitingBytes -= frame.length;
    }
  }

  #next(roomBytes: number): Uint8Array | undefined {
    const control = this.#control.peek();
    if (control !== undefined) return control.length <= roomBytes ? this.#control.shift() : undefined;
    if (this.#own.frames === 0 || this.#relayed.frames === 0) {
      this.#ownLead = 0;
      return this.#nextOf(this.#own.frames > 0 ? this.#own : this.#relayed, roomBytes);
    }
    const group = this.#ownLead < 0 ? this.#own : this.#relayed;
    const frame = this.#nextOf(group, roomBytes);
    if (frame !== undefined) this.#ownLead += group === this.#own ? frame.length : -frame.length;
    return frame;
  }

  #nextOf(group: Group, roomBytes: number): Uint8Array | undefined {
    for (;;) {
      const list = group.fresh.length > 0 ? group.fresh : group.turns;
      const circuit = list.peek();
      if (circuit === undefined) return undefined;
      const frame = circuit.frames.peek();
      if (frame === undefined) {
        list.shift();
        // A fresh circuit takes one turn among the others before it can be fresh again: else a trickle would starve them.
        if (list === group.fresh && group.turns.length > 0) group.turns.push(circuit);
        else this.#circuits.delete(circuit.id);
      } else if (circuit.credit <= 0) {
        circuit.credit += TURN_BYTES;
        list.shift();
        group.turns.push(circuit);
      } else {
        if (frame.length > roomBytes) return undefined;
        circuit.frames.shift();
        circuit.credit -= frame.length;
        group.frames--;
        this.#release(circuit);
        return frame;
      }
    }
  }

  #release({ id, frames }: CircuitQueue): void {
    const waiters = this.#waiters.get(id);
    if (waiters === undefined) return;
    const waiting = waiters.filter((waiter) => frames.length >= waiter.below);
    if (waiting.length === waiters.length) return;
    for (const waiter of waiters) if (frames.length < waiter.below) this.#due.push(waiter.call);
    if (waiting.length > 0) this.#waiters.set(id, waiting);
    else this.#waiters.delete(id);
  }
}
