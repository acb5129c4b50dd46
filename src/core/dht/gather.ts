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

/**
 * Waits for all of `promises`, but no more than `graceMs` after `isEnough` first held of one of the results: the slowest must
 * not set the pace. Results in the order of their coming, failures left out. Never rejects.
 */
export function gather<T>(
  env: Env,
  promises: readonly Promise<T | undefined>[],
  isEnough: (result: T) => boolean,
  graceMs: number,
): Promise<T[]> {
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
      if (waiting === 0) finish();
      else if (result !== undefined && cancelGrace === undefined && isEnough(result)) cancelGrace = env.schedule(graceMs, finish);
    };
    if (waiting === 0) resolve([]);
    for (const promise of promises) promise.then(settle, () => settle(undefined));
  });
}
