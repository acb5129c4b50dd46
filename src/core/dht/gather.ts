import type { Env } from '../env.ts';

/** The promise's value, or undefined when it fails or takes longer than `timeoutMs`. Never rejects. */
export function within<T>(env: Env, timeoutMs: number, promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const cancel = env.schedule(timeoutMs, () => resolve(undefined));
    const settle = (value: T | undefined) => {
      cancel();
      resolve(value);
    };
    promise.then(settle, () => settle(undefined));
  });
}

export interface Patience<T> {
  /** Whether a result is what was asked for. */
  readonly isUseful: (result: T) => boolean;
  /** After the first useful one. */
  readonly graceMs: number;
  /** Whether the results so far will do: then nobody is waited for. */
  readonly isEnough?: (results: readonly T[]) => boolean;
}

/**
 * Waits for all of `promises`, but no longer than its patience: the slowest must not set the pace. Results in the order of their
 * coming, failures left out. Never rejects.
 */
export function gather<T>(env: Env, promises: readonly Promise<T | undefined>[], patience: Patience<T>): Promise<T[]> {
  const { isUseful, graceMs, isEnough = () => false } = patience;
  return new Promise((resolve) => {
    const results: T[] = [];
    let waiting = promises.length;
    let cancelGrace: (() => void) | undefined;
    const finish = () => {
      cancelGrace?.();
      resolve([...results]);
    };
    const settle = (result: T | undefined) => {
      waiting -= 1;
      if (result !== undefined) results.push(result);
      if (waiting === 0 || isEnough(results)) finish();
      else if (result !== undefined && cancelGrace === undefined && isUseful(result)) cancelGrace = env.schedule(graceMs, finish);
    };
    if (waiting === 0) resolve([]);
    for (const promise of promises) promise.then(settle, () => settle(undefined));
  });
}
