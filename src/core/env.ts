import type { CryptoPort } from './ports.ts';

/** How loud a log line is. Keys, stream bytes, and where someone went, are never logged at any of them. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/**
 * The only outside world that core sees. A tab, a Node process and the simulator each hand in their own,
 * so that a simulation with a seed and a virtual clock replays exactly.
 */
export interface Env {
  /** Milliseconds since 1970, by the local clock (which may be wrong: compare with what peers say). */
  now(): number;
  /** That many bytes fit for keys. */
  random(lengthBytes: number): Uint8Array;
  /** Runs `task` once, `delayMs` from now; the answer cancels it. */
  schedule(delayMs: number, task: () => void): () => void;
  /** Runs `task` once what has come in by now is handled, where the platform knows when that is: see `soon`. */
  afterInput?(task: () => void): void;
  log(level: LogLevel, area: string, message: string): void;
  readonly crypto: CryptoPort;
}

/** Runs `task` when this turn is over, or later if more has come in already: what that leads to can be done in one go. */
export function soon(env: Pick<Env, 'afterInput'>, task: () => void): void {
  if (env.afterInput === undefined) void Promise.resolve().then(task);
  else env.afterInput(task);
}

/** A whole number in [0, below), without bias. @throws RangeError when `below` is not in 1..2^32. */
export function randomBelow(env: Pick<Env, 'random'>, below: number): number {
  if (!(below >= 1 && below <= 2 ** 32)) throw new RangeError(`randomBelow(${below}): wanted 1 to 2^32`);
  const limit = 2 ** 32 - (2 ** 32 % below);
  for (;;) {
    const bytes = env.random(4);
    const value = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
    if (value < limit) return value % below;
  }
}

/** A new array of `count` distinct items of `items` (all of them when there are fewer), each order equally likely. */
export function sample<T>(env: Pick<Env, 'random'>, items: readonly T[], count: number): T[] {
  const pool = [...items];
  const taken = Math.min(count, pool.length);
  for (let i = 0; i < taken; i++) {
    const j = i + randomBelow(env, pool.length - i);
    [pool[i], pool[j]] = [pool[j] as T, pool[i] as T];
  }
  return pool.slice(0, taken);
}

/**
 * A deadline of `leastMs` or up to a quarter more, drawn: whoever sees something end always so long after it began knows that it is he who
 * began it, or his neighbour.
 */
export function spreadMs(env: Pick<Env, 'random'>, leastMs: number): number {
  return leastMs + randomBelow(env, Math.ceil(leastMs / 4));
}

/**
 * Calls `look` every so often until it answers true. Where it is its turn late the look does not count: this peer was held up itself, and what
 * came meanwhile was not read yet. @returns what ends the looking.
 */
export function lookEvery(env: Pick<Env, 'now' | 'schedule'>, everyMs: number, look: () => boolean): () => void {
  let cancel = (): void => undefined;
  const lookLater = (): void => {
    const dueMs = env.now() + everyMs;
    cancel = env.schedule(everyMs, () => {
      const isLate = env.now() - dueMs >= everyMs;
      if (isLate || !look()) lookLater();
    });
  };
  lookLater();
  return () => cancel();
}

/** @throws never: rejects nothing, resolves after `delayMs` of the environment's clock. */
export function sleep(env: Pick<Env, 'schedule'>, delayMs: number): Promise<void> {
  return new Promise((resolve) => void env.schedule(delayMs, resolve));
}
