import { CIRCUIT_WINDOW_MAX_CELLS } from '../wire/geometry.ts';
import {
  FIRST_WINDOW_CELLS,
  LATE_LOOPS_MS,
  MIN_WINDOW_CELLS,
  PROBE_EVERY_MS,
  PROBE_EVERY_ROUNDS,
  QUEUE_LEAST_CELLS,
  QUEUE_ROOTS,
  QUIET_ROUNDS,
  START_CELLS_A_SAMPLE,
  START_SAMPLES,
} from './constants.ts';

export interface AckSample {
  readonly nowMs: number;
  readonly roundTripMs: number;
  readonly ackedCells: number;
  /** Counted cells acked and sent in all. */
  readonly ackedTotal: number;
  readonly sentTotal: number;
  /** Unacked when the ack came, these included. */
  readonly inFlightCells: number;
}

/**
 * How many cells may be on their way. By delay, for nothing in the network drops or marks cells: the least round trip seen is the
 * path's own, what is above it is queue. Decides once a round (the time in which one window is acked) on the round's LEAST round trip,
 * which a burst or a late event loop does not raise.
 *
 *   start    the window doubles each round until a queue shows
 *   steady   halfway, each round, to what the path itself holds and 2 √(cells per second) more, which is to be in the queue:
 *            q = 2/√rate seconds. Circuits that meet in one queue see one q, so they come to one rate, and an error in the least
 *            round trip shifts the shares a little and not wholly (FAST TCP, Wei et al. 2006, whose constant is a root here: 64 cells
 *            are 26 ms at 10 MB/s, and two seconds at 1 Mbit/s)
 *            After three full rounds without a queue: start again
 *   probing  half of what the path holds for two rounds, now and then: who joined while others queued has taken their queue for the path
 */
export class WindowControl {
  #windowCells = FIRST_WINDOW_CELLS;
  #starting = true;
  #smoothedMs: number | undefined;
  #leastMs = Number.POSITIVE_INFINITY;
  #roundEndsAt = 0;
  #roundLeastMs = Number.POSITIVE_INFINITY;
  #roundAcks = 0;
  /** The most that was on its way in this round, and in the one before. */
  #roundMostCells = 0;
  #lastMostCells = 0;
  /** While starting: the last round trips, of a quarter of the window. */
  #recentMs: number[] = [];
  #burstEndsAt = 0;
  #quietRounds = 0;
  /** After a large change, the acks of one more round are of cells sent before it: rounds to let pass. */
  #settling = 0;
  #probedAtMs: number | undefined;
  /** The window to go back to when a probe is over. */
  #unprobedCells: number | undefined;

  get windowCells(): number {
    return this.#windowCells;
  }

  get roundTripMs(): number | undefined {
    return this.#smoothedMs;
  }

  get leastRoundTripMs(): number | undefined {
    return this.#smoothedMs === undefined ? undefined : this.#leastMs;
  }

  /** Nothing was sent for SILENT_MS: the next window is on links that begin anew, and so much is forgiven it. */
  onSilenceOver(sentTotal: number): void {
    this.#burstEndsAt = sentTotal + this.#windowCells;
  }

  onAck(sample: AckSample): void {
    const { roundTripMs } = sample;
    this.#smoothedMs = this.#smoothedMs === undefined ? roundTripMs : this.#smoothedMs + (roundTripMs - this.#smoothedMs) / 8;
    this.#leastMs = Math.min(this.#leastMs, roundTripMs);
    const judgedMs = sample.ackedTotal <= this.#burstEndsAt ? Math.max(this.#leastMs, roundTripMs - this.#leastMs) : roundTripMs;
    this.#roundLeastMs = Math.min(this.#roundLeastMs, judgedMs);
    this.#roundAcks++;
    this.#roundMostCells = Math.max(this.#roundMostCells, sample.inFlightCells);
    const roundOver = sample.ackedTotal >= this.#roundEndsAt;
    if (this.#starting) this.#start(sample, judgedMs, roundOver);
    else if (roundOver) this.#steady(sample.nowMs);
    if (roundOver) this.#beginRound(sample.sentTotal);
  }

  #beginRound(sentTotal: number): void {
    this.#roundEndsAt = sentTotal;
    this.#roundLeastMs = Number.POSITIVE_INFINITY;
    this.#roundAcks = 0;
    this.#lastMostCells = this.#roundMostCells;
    this.#roundMostCells = 0;
  }

  /** The window was (nearly) full: more of it would have meant more cells. */
  get #roundLimited(): boolean {
    return 4 * this.#roundMostCells >= 3 * this.#windowCells;
  }

  #start(sample: AckSample, judgedMs: number, roundOver: boolean): void {
    // Not the whole round: while the window doubles, the queue at a round's end is not the one at its beginning. But not fewer acks than
    // a late event loop spoils either.
    const sampled = roundOver || this.#roundAcks >= START_SAMPLES;
    this.#recentMs.push(judgedMs);
    while (this.#recentMs.length > Math.max(START_SAMPLES, this.#windowCells / START_CELLS_A_SAMPLE)) this.#recentMs.shift();
    const queuedCells = this.#queuedCells(Math.min(...this.#recentMs));
    const wantedCells = this.#wantedCells();
    if (sampled && queuedCells > wantedCells) {
      this.#starting = false;
      this.#set(this.#windowCells - queuedCells + wantedCells);
      this.#settling = 1;
    } else if (this.#windowCells < 2 * Math.max(this.#roundMostCells, this.#lastMostCells)) {
      // Up to twice of what was needed: what comes in bursts, through another window or credit that grows as well, does not fill this one at each ack.
      // A queue that begins: the next round will tell, and must not find it four times as long.
      const late =
        queuedCells > wantedCells / 4 || (judgedMs < sample.roundTripMs && this.#queuedCells(sample.roundTripMs) > wantedCells / 4);
      this.#set(this.#windowCells + (sampled && late ? sample.ackedCells / 4 : sample.ackedCells));
    }
  }

  #steady(nowMs: number): void {
    if (this.#settling > 0) {
      this.#settling--;
    } else if (this.#unprobedCells !== undefined) {
      this.#set(this.#unprobedCells);
      this.#unprobedCells = undefined;
      this.#settling = 1;
    } else if (this.#probeDue(nowMs)) {
      this.#unprobedCells = this.#windowCells;
      this.#set((this.#windowCells - this.#queuedCells(this.#roundLeastMs)) / 2);
      this.#settling = 1;
    } else {
      this.#step(this.#queuedCells(this.#roundLeastMs), this.#wantedCells());
    }
  }

  #step(queuedCells: number, wantedCells: number): void {
    const step = (wantedCells - queuedCells) / 2;
    if (step < 0) {
      this.#quietRounds = 0;
      this.#set(Math.max(this.#windowCells / 2, this.#windowCells + step));
    } else if (this.#roundLimited) {
      this.#set(this.#windowCells + step);
      this.#quietRounds = queuedCells < wantedCells / 4 ? this.#quietRounds + 1 : 0;
      if (this.#quietRounds < QUIET_ROUNDS) return;
      // Far from its rate, as after a doubling that something else than a queue has ended: doubles again.
      this.#quietRounds = 0;
      this.#starting = true;
      this.#recentMs = [];
    }
  }

  #probeDue(nowMs: number): boolean {
    // In a round that did not fill the window nothing of it queued: as good as a probe.
    if (!this.#roundLimited) this.#probedAtMs = nowMs;
    this.#probedAtMs ??= nowMs;
    if (nowMs - this.#probedAtMs < Math.max(PROBE_EVERY_MS, PROBE_EVERY_ROUNDS * this.#leastMs)) return false;
    this.#probedAtMs = nowMs;
    return true;
  }

  /** Cells of the window that stood in a queue, by this round trip. */
  #queuedCells(roundTripMs: number): number {
    return this.#windowCells * Math.max(0, 1 - (this.#leastMs + LATE_LOOPS_MS) / Math.max(1, roundTripMs));
  }

  #wantedCells(): number {
    const cellsPerSecond = (1000 * this.#windowCells) / Math.max(1, this.#roundLeastMs);
    return Math.max(QUEUE_LEAST_CELLS, QUEUE_ROOTS * Math.sqrt(cellsPerSecond));
  }

  #set(cells: number): void {
    this.#windowCells = Math.min(CIRCUIT_WINDOW_MAX_CELLS, Math.max(MIN_WINDOW_CELLS, Math.ceil(cells)));
  }
}
