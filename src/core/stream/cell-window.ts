import type { CircuitAck } from '../wire/channel.ts';
import { SILENT_MS } from './constants.ts';
import { WindowControl } from './window-control.ts';

/** Counted cells on their way: when each was sent, and what an ack must repeat to prove that it came. */
export class CellWindow {
  readonly control = new WindowControl();
  #sent = 0;
  #acked = 0;
  #lastSentMs = Number.NEGATIVE_INFINITY;
  /** Rings, indexed by a cell's number and grown with the window. */
  #sentAt = new Float64Array(64);
  #echoes = new Uint32Array(64);

  constructor(readonly now: () => number) {}

  get inFlight(): number {
    return this.#sent - this.#acked;
  }

  /** When the oldest of those in flight was sent; now, when there is none. */
  get waitingSinceMs(): number {
    return this.inFlight === 0 ? this.now() : (this.#sentAt[this.#acked & (this.#sentAt.length - 1)] as number);
  }

  get hasRoom(): boolean {
    return this.inFlight < this.control.windowCells;
  }

  onSent(echo: number): void {
    const nowMs = this.now();
    if (this.inFlight === 0 && nowMs - this.#lastSentMs > SILENT_MS) this.control.onSilenceOver(this.#sent);
    this.#lastSentMs = nowMs;
    if (this.inFlight === this.#sentAt.length) this.#grow();
    const at = this.#sent++ & (this.#sentAt.length - 1);
    this.#sentAt[at] = nowMs;
    this.#echoes[at] = echo;
  }

  /** False for an ack that cannot be true: of cells never sent, of fewer than before, or of one whose end its sender has not seen. */
  onAck(ack: CircuitAck): boolean {
    if (ack.cells > this.#sent || ack.cells < this.#acked) return false;
    if (ack.cells === this.#acked) return true;
    const last = (ack.cells - 1) & (this.#sentAt.length - 1);
    if (this.#echoes[last] !== ack.echo) return false;
    const ackedCells = ack.cells - this.#acked;
    const inFlightCells = this.inFlight;
    this.#acked = ack.cells;
    const nowMs = this.now();
    this.control.onAck({
      nowMs,
      roundTripMs: Math.max(0, nowMs - (this.#sentAt[last] as number) - ack.heldMs), // a lie about the time held can only slow its own answers down
      ackedCells,
      ackedTotal: this.#acked,
      sentTotal: this.#sent,
      inFlightCells,
    });
    return true;
  }

  #grow(): void {
    const length = this.#sentAt.length;
    const sentAt = new Float64Array(2 * length);
    const echoes = new Uint32Array(2 * length);
    for (let cell = this.#acked; cell < this.#sent; cell++) {
      sentAt[cell & (2 * length - 1)] = this.#sentAt[cell & (length - 1)] as number;
      echoes[cell & (2 * length - 1)] = this.#echoes[cell & (length - 1)] as number;
    }
    this.#sentAt = sentAt;
    this.#echoes = echoes;
  }
}
