import type { Env } from '../env.ts';
import { LISTENER_WAITS_MS, PONG_TIMEOUT_MS, PULSE_CHECK_MS, SILENCE_IDLE_MS, SILENCE_IN_USE_MS } from './constants.ts';

export interface PulseEffects {
  ping(number: number): void;
  /** Asked, and nothing at all came. */
  dead(): void;
}

/** Whether the other end of a link still lives: anything it sends is a sign, and silence is asked about. */
export class Pulse {
  heardAt: number;
  readonly #env: Pick<Env, 'now' | 'schedule'>;
  readonly #effects: PulseEffects;
  readonly #idleMs: number;
  #askedAt: number | undefined;
  /** When we first sent a circuit's frame that nothing has come after. Pongs do not count: two ends would ask each other for ever. */
  #unansweredSince: number | undefined;
  #number = 0;
  #cancel: () => void;

  constructor(env: Pick<Env, 'now' | 'schedule'>, dialled: boolean, effects: PulseEffects) {
    this.#env = env;
    this.#idleMs = SILENCE_IDLE_MS + (dialled ? 0 : LISTENER_WAITS_MS);
    this.#effects = effects;
    this.heardAt = env.now();
    this.#cancel = this.#checkLater();
  }

  heard(): void {
    this.heardAt = this.#env.now();
    this.#askedAt = undefined;
    this.#unansweredSince = undefined;
  }

  /** A frame of a circuit has gone out. */
  sent(): void {
    this.#unansweredSince ??= this.#env.now();
  }

  ask(): void {
    if (this.#askedAt !== undefined) return;
    this.#askedAt = this.#env.now();
    this.#effects.ping(this.#number++);
  }

  stop(): void {
    this.#cancel();
  }

  #checkLater(): () => void {
    return this.#env.schedule(PULSE_CHECK_MS, () => {
      this.#cancel = this.#checkLater();
      this.#check();
    });
  }

  #check(): void {
    const now = this.#env.now();
    if (this.#askedAt !== undefined) {
      if (now - this.#askedAt >= PONG_TIMEOUT_MS) this.#effects.dead();
    } else if (now - this.heardAt >= this.#idleMs || now - (this.#unansweredSince ?? now) >= SILENCE_IN_USE_MS) this.ask();
  }
}
