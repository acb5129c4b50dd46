import type { PeerId } from '../bytes/brand.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import { type Env, lookEvery } from '../env.ts';
import { isSilent, answered, type SessionStream, StreamReset, type StreamStats } from '../stream/index.ts';
import type { Descriptor } from '../wire/descriptor.ts';
import { encodeExitTarget, type ExitTarget } from '../wire/exit.ts';
import { END, STREAM } from '../wire/registry.ts';
import type { Circuits } from './circuits.ts';
import { EXIT_ANSWER_MS, EXIT_CIRCUIT_MAX_AGE_MS, EXIT_SILENCE_LOOK_MS, EXIT_SILENT_MS, EXIT_SILENT_ROUND_TRIPS } from './constants.ts';
import { PathSession } from './path-session.ts';
import { isExitFor } from './ways.ts';

/** How a circuit has failed a connection without a word of the exit's. */
export type Silence = 'of the exit' | 'of the path';

/** A circuit to an exit and the connections over it, which end with it: what one exit holds open it cannot hand to another. */
export class ExitCircuit {
  readonly openedAtMs: number;
  readonly #exit: Descriptor;
  readonly #session: PathSession;
  #wasAttached = false;
  /** No new connections; those that stand go on. */
  #isRetired = false;
  #silence: Silence | undefined;

  constructor(
    private readonly env: Env,
    circuits: Pick<Circuits, 'openAlong'>,
    private readonly hops: readonly Descriptor[],
  ) {
    this.openedAtMs = env.now();
    this.#exit = hops.at(-1) as Descriptor;
    // One try: another exit may do better along the next path than this one.
    this.#session = new PathSession(env, (early, signal) => circuits.openAlong(async () => hops, early, 'exit', signal, { tries: 1 }));
  }

  get exit(): PeerId {
    return this.#exit.id;
  }

  /** It is of no more use: gone, or not for new connections and without old ones. */
  get isOver(): boolean {
    return (this.#wasAttached && !this.#session.attached) || (!this.#takesAny && this.streams === 0);
  }

  /** The exit took a connection, and said neither yes nor no; or nothing at all has come from there. Undefined while neither has shown. */
  get silence(): Silence | undefined {
    return this.#silence;
  }

  /** All but the guard, whose silence its link tells. */
  get hopsBehindGuard(): readonly PeerId[] {
    return this.hops.slice(1).map(({ id }) => id);
  }

  /** Connections that are not over. */
  get streams(): number {
    return this.#session.streams;
  }

  get streamStats(): StreamStats[] {
    return this.#session.streamStats;
  }

  /** Whether a new connection may be asked for. */
  takes(target: ExitTarget): boolean {
    return !this.isOver && this.#takesAny && !this.#isUnheard && isExitFor(this.#exit, target);
  }

  get #takesAny(): boolean {
    return !this.#isRetired && this.env.now() - this.openedAtMs < EXIT_CIRCUIT_MAX_AGE_MS;
  }

  get #isUnheard(): boolean {
    const stats = this.#session.circuitStats;
    return stats !== undefined && isSilent(stats, EXIT_SILENT_MS, EXIT_SILENT_ROUND_TRIPS);
  }

  /**
   * Resolves when the exit has connected. What is asked first, with `first` behind it, rides in the setup packet that builds the circuit.
   * @param isLast nobody else will be asked: a silent path gets all the time that an exit has.
   * @throws StreamReset with the exit's reason; GlobalNetError `timeout` where it gives none, `unreachable` where the path is silent, as `Circuits.openAlong`.
   */
  async connect(target: ExitTarget, first: Uint8Array, isLast: boolean): Promise<SessionStream> {
    const stream = await this.#open(target, first);
    const look = (): boolean => {
      if (!this.#isUnheard) return false;
      this.#retire('of the path');
      stream.reset(END.cancelled);
      return true;
    };
    const stopLooking = isLast ? () => undefined : lookEvery(this.env, EXIT_SILENCE_LOOK_MS, look);
    try {
      await answered(this.env, stream, EXIT_ANSWER_MS);
      return stream;
    } catch (error) {
      if (this.#silence === 'of the path')
        throw new GlobalNetError('unreachable', 'nothing comes from the exit any more', { cause: error });
      if (!(error instanceof StreamReset)) this.#retire('of the exit');
      throw error;
    } finally {
      stopLooking();
    }
  }

  #retire(silence: Silence): void {
    this.#isRetired = true;
    this.#silence ??= silence;
  }

  close(): void {
    this.#session.close();
  }

  async #open(target: ExitTarget, first: Uint8Array): Promise<SessionStream> {
    try {
      const stream = await this.#session.openStream(STREAM.exit, encodeExitTarget(target), first);
      this.#wasAttached = true;
      return stream;
    } catch (error) {
      this.#isRetired = true;
      throw error;
    }
  }
}
