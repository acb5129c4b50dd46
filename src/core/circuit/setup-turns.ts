import { GlobalNetError } from '../bytes/errors.ts';
import type { Env } from '../env.ts';
import { OWN_SETUP_BURST, OWN_SETUPS_PER_SECOND, OWN_SETUPS_UNANSWERED, TURN_WITHIN_MS, TURNS_WAITING_MAX } from './constants.ts';

const PACE_IN_WORDS = `which builds ${OWN_SETUPS_PER_SECOND} a second for one peer`;

/** This peer's own circuits wait for their first hop: no hop of any path is to blame. */
export class NoTurn extends GlobalNetError {}

interface Waiting {
  go(): void;
  fail(error: GlobalNetError): void;
}

/**
 * Setup packets of ours down one link, in turn: so many at once, then so many a second, and so many unanswered. Whatever is over what the
 * first hop takes of one neighbour it refuses, which would look like a path that is broken.
 */
export class SetupTurns {
  readonly #env: Pick<Env, 'now' | 'schedule'>;
  readonly #waiting = new Set<Waiting>();
  #tokens = OWN_SETUP_BURST;
  #filledAtMs: number;
  #unanswered = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(env: Pick<Env, 'now' | 'schedule'>) {
    this.#env = env;
    this.#filledAtMs = env.now();
  }

  /** Resolves when it is this one's turn; `done` is owed then. @throws NoTurn `full` | `timeout`; GlobalNetError `cancelled`, or as `fail` says. */
  take(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(notWanted());
    if (this.#waiting.size >= TURNS_WAITING_MAX)
      return Promise.reject(new NoTurn('full', `${TURNS_WAITING_MAX} circuits wait already for the first hop, ${PACE_IN_WORDS}`));
    const turn = new Promise<void>((resolve, reject) => this.#enqueue(resolve, reject, signal));
    this.#decide();
    return turn;
  }

  /** The packet was answered, or given up. */
  done(): void {
    this.#unanswered--;
    this.#decide();
  }

  /** Nobody's turn comes any more. */
  fail(error: GlobalNetError): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    for (const waiting of [...this.#waiting]) waiting.fail(error);
  }

  #enqueue(resolve: () => void, reject: (error: Error) => void, signal: AbortSignal | undefined): void {
    const leave = (): void => {
      this.#waiting.delete(waiting);
      stopClock();
      signal?.removeEventListener('abort', onAbort);
    };
    const waiting: Waiting = {
      go() {
        leave();
        resolve();
      },
      fail(error) {
        leave();
        reject(error);
      },
    };
    const onAbort = (): void => waiting.fail(notWanted());
    const stopClock = this.#env.schedule(TURN_WITHIN_MS, () =>
      waiting.fail(new NoTurn('timeout', `the turn did not come within ${TURN_WITHIN_MS / 1000} s at the first hop, ${PACE_IN_WORDS}`)),
    );
    this.#waiting.add(waiting);
    signal?.addEventListener('abort', onAbort, { once: true });
  }

  #decide(): void {
    this.#fill();
    for (const waiting of this.#waiting) {
      if (this.#unanswered >= OWN_SETUPS_UNANSWERED) return; // `done` comes back here
      if (this.#tokens < 1) return this.#wake();
      this.#tokens--;
      this.#unanswered++;
      waiting.go();
    }
  }

  #wake(): void {
    const nextMs = Math.ceil(((1 - this.#tokens) * 1000) / OWN_SETUPS_PER_SECOND);
    this.#cancelTimer ??= this.#env.schedule(nextMs, () => {
      this.#cancelTimer = undefined;
      this.#decide();
    });
  }

  #fill(): void {
    const nowMs = this.#env.now();
    const passedMs = Math.max(0, nowMs - this.#filledAtMs); // a clock may be set back
    this.#tokens = Math.min(OWN_SETUP_BURST, this.#tokens + (passedMs * OWN_SETUPS_PER_SECOND) / 1000);
    this.#filledAtMs = nowMs;
  }
}

function notWanted(): GlobalNetError {
  return new GlobalNetError('cancelled', 'the circuit is not wanted any more');
}
