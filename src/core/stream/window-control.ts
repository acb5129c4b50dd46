import {
  FIRST_WINDOW_CELLS,
  MAX_WINDOW_CELLS,
  MIN_WINDOW_CELLS,
  QUEUE_DELAY_CELLS,
  QUEUE_DELAY_MIN_MS,
  QUEUE_DELAY_SHARE,
  START_SAMPLES,
} from './constants.ts';

export interface AckSample {
  readonly roundTripMs: number;
  readonly ackedCells: number;
  /** Counted cells acked and sent in all. */
  readonly ackedTotal: number;
  readonly sentTotal: number;
  /** The window was (nearly) full when the ack came: more window would have meant more cells. */
  readonly limited: boolean;
}

/**
 * How many cells may be on their way. By delay, for nothing in the network drops or marks cells: the least round trip seen is the
 * path's own, what is above it is queue. Decides once a round (the time in which one window is acked) on the round's LEAST round trip,
 * which a burst or a late event loop does not raise.
 *
 *   start    the window doubles each round until a queue shows
 *   steady   a queue: down to what the path itself holds. None: up by √window, twice that each further quiet round
 *
 * Up by a root and down by a share lets circuits that meet in one queue grow alike.
 */
export class WindowControl {
  #windowCells = FIRST_WINDOW_CELLS;
  #starting = true;
  #smoothedMs: number | undefined;
  #leastMs = Number.POSITIVE_INFINITY;
  #roundEndsAt = 0;
  #roundLeastMs = Number.POSITIVE_INFINITY;
  #roundAcks = 0;
  #roundLimited = false;
  #quietRounds = 0;
  /** After a cut, the acks of one more round are of cells that still stood in the old queue. */
  #settling = false;

  get windowCells(): number {
    return this.#windowCells;
  }

  get roundTripMs(): number | undefined {
    return this.#smoothedMs;
  }

  get leastRoundTripMs(): number | undefined {
    return this.#smoothedMs === undefined ? undefined : this.#leastMs;
  }

  onAck(sample: AckSample): void {
    const { roundTripMs } = sample;
    this.#smoothedMs = this.#smoothedMs === undefined ? roundTripMs : this.#smoothedMs + (roundTripMs - this.#smoothedMs) / 8;
    this.#leastMs = Math.min(this.#leastMs, roundTripMs);
    this.#roundLeastMs = Math.min(this.#roundLeastMs, roundTripMs);
    this.#roundAcks++;
    this.#roundLimited ||= sample.limited;
    const roundOver = sample.ackedTotal >= this.#roundEndsAt;
    if (this.#starting) this.#start(sample, roundOver);
    else if (roundOver) this.#steady();
    if (roundOver) this.#beginRound(sample.sentTotal);
  }

  #beginRound(sentTotal: number): void {
    this.#roundEndsAt = sentTotal;
    this.#roundLeastMs = Number.POSITIVE_INFINITY;
    this.#roundAcks = 0;
    this.#roundLimited = false;
  }

  #start(sample: AckSample, roundOver: boolean): void {
    if ((roundOver || this.#roundAcks >= START_SAMPLES) && this.#queueMs() > this.#limitMs()) {
      this.#starting = false;
      this.#cut();
    } else if (sample.limited) {
      this.#set(this.#windowCells + sample.ackedCells);
    }
  }

  #steady(): void {
    const queueMs = this.#queueMs();
    const limitMs = this.#limitMs();
    if (this.#settling) {
      this.#settling = false;
    } else if (queueMs > limitMs) {
      this.#cut();
    } else if (this.#roundLimited) {
      this.#quietRounds = queueMs < limitMs / 4 ? this.#quietRounds + 1 : 0;
      const step = Math.sqrt(this.#windowCells) * 2 ** Math.max(0, this.#quietRounds - 1);
      this.#set(this.#windowCells + Math.min(step, this.#windowCells / 2));
    }
  }

  #cut(): void {
    const share = (this.#leastMs + this.#limitMs() / 4) / this.#roundLeastMs;
    this.#set(this.#windowCells * Math.min(1, Math.max(0.5, share)));
    this.#quietRounds = 0;
    this.#settling = true;
  }

  #queueMs(): number {
    return this.#roundLeastMs - this.#leastMs;
  }

  #limitMs(): number {
    const cellMs = this.#roundLeastMs / this.#windowCells;
    return Math.max(QUEUE_DELAY_MIN_MS, this.#leastMs * QUEUE_DELAY_SHARE, QUEUE_DELAY_CELLS * cellMs);
  }

  #set(cells: number): void {
    this.#windowCells = Math.min(MAX_WINDOW_CELLS, Math.max(MIN_WINDOW_CELLS, Math.ceil(cells)));
  }
}
