import { GlobalNetError } from '../bytes/errors.ts';

/** Where joining stands; the words for people are made elsewhere. */
export type JoinStep =
  | { readonly step: 'starting' | 'learning' | 'building' | 'ready' }
  | { readonly step: 'dialling'; readonly answered: number }
  | { readonly step: 'failed'; readonly kind: 'unreachable' | 'clock'; readonly message: string; readonly retryInMs: number };

export interface JoinProgressOptions {
  /** A circuit of our own stands or is on its way, and none before it has failed. */
  expectsCircuits(): boolean;
  onStep(step: JoinStep): void;
}

/** How far joining has come, and who waits for it. */
export class JoinProgress {
  #step: JoinStep = { step: 'starting' };
  readonly #readers = new Set<() => void>();

  constructor(private readonly options: JoinProgressOptions) {}

  get step(): JoinStep {
    return this.#step;
  }

  say(step: JoinStep): void {
    if (JSON.stringify(step) === JSON.stringify(this.#step)) return;
    this.#step = step;
    this.lookAgain();
    this.options.onStep(step);
  }

  /** Circuits are expected, or no longer. */
  lookAgain(): void {
    for (const look of [...this.#readers]) look();
  }

  /** Resolves when circuits can be had: who wants one need not wait until the first spare stands. @throws GlobalNetError `unreachable` | `clock` when this round of joining failed. */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const step = this.#step;
        if (step.step === 'ready' || (step.step === 'building' && this.options.expectsCircuits())) resolve();
        else if (step.step === 'failed') reject(new GlobalNetError(step.kind, step.message));
        else return;
        this.#readers.delete(look);
      };
      this.#readers.add(look);
      look();
    });
  }
}
