import type { PeerId } from '../bytes/brand.ts';
import { type BuilderCircuit, NoTurn } from '../circuit/index.ts';
import type { Env } from '../env.ts';
import type { Descriptor } from '../wire/descriptor.ts';
import { CLOSE } from '../wire/registry.ts';
import { OPEN_TRIES, SPARE_CHECK_MS, SPARE_MAX_AGE_MS, SPARE_RETRY_MAX_MS, SPARE_RETRY_MIN_MS } from './constants.ts';

/** A circuit that is built and waits for a purpose. */
export interface Spare {
  readonly circuit: BuilderCircuit;
  readonly hops: readonly Descriptor[];
  readonly builtAt: number;
}

export interface SparesOptions {
  readonly env: Env;
  /** @throws GlobalNetError `unreachable`. */
  choosePath(): Promise<readonly Descriptor[]>;
  /** @throws as `CircuitBuilder.open`. */
  build(hops: readonly Descriptor[]): Promise<BuilderCircuit>;
  /** One has come or gone, or is tried for. */
  onChange(): void;
}

/** Keeps warm spares: as many as are wanted, none too old, built one after the other and more and more rarely while that fails. */
export class Spares {
  readonly #all: Spare[] = [];
  #wanted = 0;
  #filling = false;
  /** A spare's first try is on its way. */
  #trying = false;
  #retryMs = SPARE_RETRY_MIN_MS;
  #cancelCheck: (() => void) | undefined;
  /** Set while the last build failed and the next one is not due yet. */
  #cancelRetry: (() => void) | undefined;

  constructor(private readonly options: SparesOptions) {}

  get count(): number {
    return this.#all.length;
  }

  /** One stands, or is on its way and none before it has failed. */
  get areExpected(): boolean {
    return this.#all.length > 0 || (this.#trying && this.#retryMs === SPARE_RETRY_MIN_MS);
  }

  /** From now on this many are kept; a build that waits after a failed one is tried now. */
  keep(count: number): void {
    this.#wanted = count;
    this.#cancelTimers();
    this.#check();
  }

  /** Those that stand are the caller's to close. */
  stop(): void {
    this.#wanted = 0;
    this.#cancelTimers();
    this.#all.length = 0;
  }

  take(fits: (hops: readonly Descriptor[]) => boolean): Spare | undefined {
    this.#dropOld();
    const index = this.#all.findIndex(({ hops }) => fits(hops));
    return index < 0 ? undefined : this.#all.splice(index, 1)[0];
  }

  /** Those through one of these peers are replaced. */
  avoid(peers: readonly PeerId[]): void {
    this.#close(({ hops }) => hops.some(({ id }) => peers.includes(id)));
    void this.fill();
  }

  /** One build after the other: two at once would only wait for the same thread. */
  async fill(): Promise<void> {
    if (this.#filling || this.#cancelRetry !== undefined) return;
    this.#filling = true;
    try {
      while (this.#all.length < this.#wanted) {
        const spare = await this.#build();
        if (this.#wanted === 0) return spare.circuit.close(CLOSE.ended); // stopped meanwhile
        this.#add(spare);
        this.#retryMs = SPARE_RETRY_MIN_MS;
      }
    } catch (error) {
      this.options.env.log('info', 'circuits', `no spare circuit yet: ${(error as Error).message}`);
      if (this.#wanted > 0) this.#retryLater();
    } finally {
      this.#filling = false;
    }
  }

  #add(spare: Spare): void {
    this.#all.push(spare);
    // Nobody speaks on a spare; what is heard is its end, or that it is taken.
    spare.circuit.handler = { onBody: () => undefined, onDrain: () => undefined, onClose: () => this.#drop(spare) };
    this.options.onChange();
  }

  #drop(spare: Spare): void {
    const index = this.#all.indexOf(spare);
    if (index >= 0) this.#all.splice(index, 1);
    this.options.onChange();
  }

  #dropOld(): void {
    const oldest = this.options.env.now() - SPARE_MAX_AGE_MS;
    this.#close(({ builtAt }) => builtAt < oldest);
  }

  #close(isUseless: (spare: Spare) => boolean): void {
    for (const spare of this.#all.filter(isUseless)) {
      spare.circuit.close(CLOSE.ended);
      this.#drop(spare);
    }
  }

  #cancelTimers(): void {
    this.#cancelCheck?.();
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
  }

  #check(): void {
    this.#dropOld();
    void this.fill();
    if (this.#wanted > 0) this.#cancelCheck = this.options.env.schedule(SPARE_CHECK_MS, () => this.#check());
  }

  async #build(): Promise<Spare> {
    const { env, choosePath, build } = this.options;
    for (let attempt = 1; ; attempt++) {
      const hops = await choosePath();
      this.#try(attempt === 1);
      try {
        return { circuit: await build(hops), hops, builtAt: env.now() };
      } catch (error) {
        if (attempt === OPEN_TRIES || this.#wanted === 0 || error instanceof NoTurn) throw error;
      } finally {
        this.#trying = false;
      }
    }
  }

  #try(isFirst: boolean): void {
    this.#trying = isFirst;
    this.options.onChange();
  }

  /** One timer, whoever asked for the build: one for each would try ever more often while there is no network. */
  #retryLater(): void {
    this.#cancelRetry = this.options.env.schedule(this.#retryMs, () => {
      this.#cancelRetry = undefined;
      void this.fill();
    });
    this.#retryMs = Math.min(2 * this.#retryMs, SPARE_RETRY_MAX_MS);
  }
}
