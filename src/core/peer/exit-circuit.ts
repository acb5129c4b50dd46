import type { PeerId } from '../bytes/brand.ts';
import type { Env } from '../env.ts';
import { answered, type SessionStream, StreamReset, type StreamStats } from '../stream/index.ts';
import type { Descriptor } from '../wire/descriptor.ts';
import { encodeExitTarget, type ExitTarget } from '../wire/exit.ts';
import { STREAM } from '../wire/registry.ts';
import type { Circuits } from './circuits.ts';
import { EXIT_ANSWER_MS, EXIT_CIRCUIT_MAX_AGE_MS } from './constants.ts';
import { PathSession } from './path-session.ts';
import { isExitFor } from './ways.ts';

/** A circuit to an exit and the connections over it, which end with it: what one exit holds open it cannot hand to another. */
export class ExitCircuit {
  readonly openedAtMs: number;
  readonly #exit: Descriptor;
  readonly #session: PathSession;
  #wasAttached = false;
  /** No new connections; those that stand go on. */
  #isRetired = false;
  #isSilent = false;

  constructor(
    private readonly env: Env,
    circuits: Pick<Circuits, 'openAlong'>,
    hops: readonly Descriptor[],
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

  /** The exit took a connection, and said neither yes nor no. */
  get isSilent(): boolean {
    return this.#isSilent;
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
    return !this.isOver && this.#takesAny && isExitFor(this.#exit, target);
  }

  get #takesAny(): boolean {
    return !this.#isRetired && this.env.now() - this.openedAtMs < EXIT_CIRCUIT_MAX_AGE_MS;
  }

  /**
   * Resolves when the exit has connected. What is asked first, with `first` behind it, rides in the setup packet that builds the circuit.
   * @throws StreamReset with the exit's reason; GlobalNetError `timeout` where it gives none, as `Circuits.openAlong`.
   */
  async connect(target: ExitTarget, first: Uint8Array): Promise<SessionStream> {
    const stream = await this.#open(target, first);
    try {
      await answered(this.env, stream, EXIT_ANSWER_MS);
      return stream;
    } catch (error) {
      if (!(error instanceof StreamReset)) this.#isRetired = this.#isSilent = true;
      throw error;
    }
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
