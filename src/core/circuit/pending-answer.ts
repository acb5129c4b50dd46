import { GlobalNetError } from '../bytes/errors.ts';
import type { Env } from '../env.ts';

/** One answer that is waited for: it comes, or time runs out, or somebody gives up. */
export class PendingAnswer {
  readonly promise: Promise<Uint8Array>;
  #settle: { resolve(answer: Uint8Array): void; reject(error: Error): void } | undefined;
  readonly #release: () => void;

  /** @param giveUp runs when time is up or the signal fires; the promise is rejected before. */
  constructor(env: Pick<Env, 'schedule'>, deadlineMs: number, signal: AbortSignal | undefined, giveUp: () => void) {
    this.promise = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.promise.catch(() => undefined); // whoever asked may be at another await just now
    const end = (error: GlobalNetError) => {
      this.reject(error);
      giveUp();
    };
    const stopClock = env.schedule(deadlineMs, () => end(new GlobalNetError('timeout', `no answer from the circuit in ${deadlineMs} ms`)));
    const onAbort = () => end(new GlobalNetError('cancelled', 'the circuit is not wanted any more'));
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#release = () => {
      stopClock();
      signal?.removeEventListener('abort', onAbort);
    };
  }

  get waits(): boolean {
    return this.#settle !== undefined;
  }

  resolve(answer: Uint8Array): void {
    this.#settle?.resolve(answer);
    this.#done();
  }

  reject(error: Error): void {
    this.#settle?.reject(error);
    this.#done();
  }

  #done(): void {
    this.#settle = undefined;
    this.#release();
  }
}
