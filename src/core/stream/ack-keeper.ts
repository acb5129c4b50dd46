import { type Env, soon } from '../env.ts';
import type { CircuitAck } from '../wire/channel.ts';
import { ACK_DELAY_MS, ACK_EVERY_CELLS } from './constants.ts';

/** Counts what came, and says when an ack is due. */
export class AckKeeper {
  readonly #env: Env;
  readonly #onDue: () => void;
  #cells = 0;
  #acked = 0;
  #echo = 0;
  #cameAtMs = 0;
  #late = false;
  #isSoon = false;
  #cancel: (() => void) | undefined;

  constructor(env: Env, onDue: () => void) {
    this.#env = env;
    this.#onDue = onDue;
  }

  /** Something came that was not acked yet. */
  get pending(): boolean {
    return this.#cells > this.#acked;
  }

  get due(): boolean {
    return this.#cells - this.#acked >= ACK_EVERY_CELLS || (this.#late && this.pending);
  }

  onCounted(echo: number): void {
    this.#cells++;
    this.#echo = echo;
    this.#cameAtMs = this.#env.now();
    if (this.due) this.#onDueSoon();
    else
      this.#cancel ??= this.#env.schedule(ACK_DELAY_MS, () => {
        this.#cancel = undefined;
        this.#late = true;
        this.#onDue();
      });
  }

  /** One ack for all that is at hand, where more has come in than the cells that make it due. */
  #onDueSoon(): void {
    if (this.#isSoon) return;
    this.#isSoon = true;
    soon(this.#env, () => {
      this.#isSoon = false;
      if (this.due) this.#onDue();
    });
  }

  /** The ack to send now. */
  take(): CircuitAck {
    this.stop();
    this.#late = false;
    this.#acked = this.#cells;
    return { cells: this.#cells, echo: this.#echo, heldMs: Math.min(0xffff, Math.max(0, Math.round(this.#env.now() - this.#cameAtMs))) };
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
