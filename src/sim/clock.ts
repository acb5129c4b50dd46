/** A timer that waits; `task` is undefined once it was cancelled. */
interface Timer {
  readonly dueMs: number;
  /** Tells timers of one instant apart: first scheduled, first run. */
  readonly order: number;
  task: (() => void) | undefined;
}

const before = (a: Timer, b: Timer): boolean => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);

/** More timers than this without reaching the goal is a loop in the code under test, not a long story. */
const MAX_TIMERS = 5_000_000;

/**
 * Time that passes only when told to. Timers run in order of their due time; between two of them everything that promises
 * have set off comes to rest, so that async code sees the same order in every run.
 */
export class VirtualClock {
  #nowMs: number;
  #order = 0;
  #live = 0;
  readonly #heap: Timer[] = [];

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  /** Milliseconds since 1970, of this clock. */
  readonly now = (): number => this.#nowMs;

  /** Timers that wait. */
  get waiting(): number {
    return this.#live;
  }

  readonly schedule = (delayMs: number, task: () => void): (() => void) => {
    const timer: Timer = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, task };
    this.#push(timer);
    this.#live++;
    return () => {
      if (timer.task === undefined) return;
      timer.task = undefined;
      this.#live--;
    };
  };

  /** Lets `ms` pass and runs every timer due in it. @throws what a timer's task throws. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settle();
    for (let ran = 0; await this.#runNext(endMs); ran++) if (ran > MAX_TIMERS) throw new Error(`${ran} timers within ${ms} ms`);
    this.#nowMs = endMs;
  }

  /** Runs until no timer waits. @throws Error when `limitMs` have passed and some still do: timers that renew themselves never end. */
  async runAll(limitMs = 3_600_000): Promise<void> {
    if (!(await this.runUntil(() => this.#live === 0, limitMs))) throw new Error(`${this.#live} timers still wait after ${limitMs} ms`);
  }

  /** Runs until `condition` holds: true; false when `limitMs` passed, or no timer is left, before it did. */
  async runUntil(condition: () => boolean, limitMs = 3_600_000): Promise<boolean> {
    const endMs = this.#nowMs + limitMs;
    await settle();
    for (let ran = 0; !condition(); ran++) {
      if (ran > MAX_TIMERS) throw new Error(`${ran} timers and the condition does not hold`);
      if (!(await this.#runNext(endMs))) return false;
    }
    return true;
  }

  /** Runs timers until `promise` is settled and passes its outcome on. @throws Error when `limitMs` pass or no timer is left before. */
  async runFor<T>(promise: Promise<T>, limitMs = 3_600_000): Promise<T> {
    let settled = false;
    const mark = (): void => void (settled = true);
    promise.then(mark, mark);
    const startMs = this.#nowMs;
    if (await this.runUntil(() => settled, limitMs)) return promise;
    throw new Error(`still pending after ${this.#nowMs - startMs} ms of virtual time, ${this.#live} timers wait`);
  }

  async #runNext(endMs: number): Promise<boolean> {
    for (let timer = this.#heap[0]; timer !== undefined && timer.dueMs <= endMs; timer = this.#heap[0]) {
      this.#pop();
      const task = timer.task;
      if (task === undefined) continue;
      timer.task = undefined;
      this.#live--;
      this.#nowMs = timer.dueMs;
      task();
      await settle();
      return true;
    }
    return false;
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let i = heap.push(timer) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(timer, heap[parent] as Timer)) break;
      heap[i] = heap[parent] as Timer;
      i = parent;
    }
    heap[i] = timer;
  }

  /** Takes the first timer off. */
  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Timer;
    if (heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Timer, heap[child] as Timer)) child++;
      if (!before(heap[child] as Timer, last)) break;
      heap[i] = heap[child] as Timer;
      i = child;
    }
    heap[i] = last;
  }
}

/** Resolves when every promise reaction that was set off has run, and those which they set off: a new task of the event loop. */
export function settle(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
