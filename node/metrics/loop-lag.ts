import type { Metric, Sample } from './exposition.ts';

const EVERY_MS = 100;
const BOUNDS_S = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1];

/**
 * How late timers come. Counted up and never set back, so that any number of collectors may ask; `perf_hooks` has a histogram of its own, which
 * every reader has to set back, and which forgets the interval that this happens in.
 */
export class LoopLag {
  readonly #counts = BOUNDS_S.map(() => 0);
  #count = 0;
  #sumS = 0;
  #dueMs = performance.now() + EVERY_MS;
  readonly #timer = setInterval(() => this.#tick(), EVERY_MS).unref();

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const nowMs = performance.now();
    this.note(Math.max(0, nowMs - this.#dueMs) / 1000);
    this.#dueMs = nowMs + EVERY_MS;
  }

  note(lateS: number): void {
    this.#count++;
    this.#sumS += lateS;
    BOUNDS_S.forEach((bound, i) => {
      if (lateS <= bound) (this.#counts[i] as number)++;
    });
  }

  metric(): Metric {
    const bucket = (le: string, value: number): Sample => ({ suffix: '_bucket', labels: { le }, value });
    return {
      name: 'gnet_event_loop_lag_seconds',
      type: 'histogram',
      help: 'How late a timer came that was set for a tenth of a second.',
      samples: [
        ...BOUNDS_S.map((bound, i) => bucket(String(bound), this.#counts[i] as number)),
        bucket('+Inf', this.#count),
        { suffix: '_sum', value: this.#sumS },
        { suffix: '_count', value: this.#count },
      ],
    };
  }
}
