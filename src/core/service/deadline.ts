import type { Env } from '../env.ts';

export interface Deadline {
  readonly signal: AbortSignal;
  /** It was in time, or is of no more interest. */
  done(): void;
  /** At once. */
  abort(): void;
}

/** A signal that aborts after `ms`, or when `outer` does. `done` must be called. */
export function abortAfter(env: Pick<Env, 'schedule'>, ms: number, outer?: AbortSignal): Deadline {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const cancel = env.schedule(ms, abort);
  if (outer?.aborted) abort();
  outer?.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    done() {
      cancel();
      outer?.removeEventListener('abort', abort);
    },
    abort,
  };
}
