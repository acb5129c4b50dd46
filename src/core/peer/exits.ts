import type { PeerId } from '../bytes/brand.ts';
import { EMPTY } from '../bytes/bytes.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import type { Env } from '../env.ts';
import { type SessionStream, StreamReset, type StreamStats } from '../stream/index.ts';
import type { Descriptor } from '../wire/descriptor.ts';
import type { ExitTarget } from '../wire/exit.ts';
import { END } from '../wire/registry.ts';
import type { Circuits } from './circuits.ts';
import { EXIT_CHECK_MS, EXIT_CIRCUITS_MAX, EXIT_TRIES } from './constants.ts';
import { ExitCircuit } from './exit-circuit.ts';
import { Suspects } from './suspects.ts';

export interface ExitsOptions {
  readonly env: Env;
  readonly circuits: Pick<Circuits, 'openAlong'>;
  /** Guard, middle, exit. @param mayAsk other peers too, where no exit is known that will do. @throws GlobalNetError `unreachable`, in words. */
  choosePath(target: ExitTarget, exclude: ReadonlySet<PeerId>, mayAsk: boolean): Promise<readonly Descriptor[]>;
  /** @throws GlobalNetError when joining failed. */
  ready(): Promise<void>;
  /** This exit takes connections and never answers, though the circuit to it stands. */
  onSilent?(exit: PeerId): void;
}

/** Exits not to be asked again for one connection. */
interface Tried {
  /** They said no, or took it and said nothing. */
  readonly refused: Set<PeerId>;
  /** No circuit to them stood; whose fault it was is not known. The latest is last. */
  readonly failed: Set<PeerId>;
}

/** Connections to the clear network: those of one isolation key share circuits to exits, those of two never do. */
export class Exits {
  readonly #circuits = new Map<string, ExitCircuit[]>();
  /** On the way for this key: whoever wants another waits to see whether it will do. */
  readonly #making = new Map<string, Promise<ExitCircuit>>();
  /** Apart from those of other circuits: an exit that lets cells disappear has no say in the paths to hidden services. */
  readonly #suspects: Suspects;
  #cancelTimer: (() => void) | undefined;
  #stopped = false;

  constructor(private readonly options: ExitsOptions) {
    this.#suspects = new Suspects(options.env);
  }

  /** Resolves when there is an exit to ask, so that `connect` begins at once. @throws GlobalNetError as `connect`. */
  async find(target: ExitTarget, isolation: string): Promise<void> {
    await this.options.ready();
    await this.#circuitFor(target, isolation, { refused: new Set(), failed: new Set() });
  }

  /**
   * A connection that stands. Another exit is tried where one is gone, refuses or never answers, so the target may hear `first` twice: it must be safe to repeat.
   * @param isolation any text; never leaves this peer.
   * @throws StreamReset with the exit's reason; GlobalNetError `unreachable` when there is no exit or no path to one, `full`, `timeout`, or why
   * joining failed.
   */
  async connect(target: ExitTarget, isolation: string, first: Uint8Array = EMPTY): Promise<SessionStream> {
    await this.options.ready();
    const tried: Tried = { refused: new Set(), failed: new Set() };
    let failure: unknown;
    for (let i = 0; i < EXIT_TRIES; i++) {
      let circuit: ExitCircuit;
      try {
        circuit = await this.#circuitFor(target, isolation, tried);
      } catch (error) {
        throw failure ?? error; // what those said that were asked tells more than that no other is left
      }
      try {
        return await circuit.connect(target, first, i === EXIT_TRIES - 1);
      } catch (error) {
        if (!isWorthAnother(error)) throw error;
        failure = error;
        this.#note(circuit, error, tried);
      }
    }
    throw failure;
  }

  #note({ exit, silence, hopsBehindGuard }: ExitCircuit, error: unknown, { refused, failed }: Tried): void {
    if (silence === 'of the exit') this.options.onSilent?.(exit);
    if (silence === 'of the path') this.#suspects.onSilent(hopsBehindGuard);
    failed.delete(exit);
    const saidNo = error instanceof StreamReset && error.reason !== END.sessionLost;
    (silence === 'of the exit' || saidNo ? refused : failed).add(exit);
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer?.();
    for (const circuit of this.#all()) circuit.close();
    this.#circuits.clear();
  }

  /** Of connections that are not over. */
  get streamStats(): StreamStats[] {
    return this.#all().flatMap(({ streamStats }) => streamStats);
  }

  async #circuitFor(target: ExitTarget, isolation: string, tried: Tried): Promise<ExitCircuit> {
    for (;;) {
      const known = this.#circuits
        .get(isolation)
        ?.find((circuit) => circuit.takes(target) && !tried.refused.has(circuit.exit) && !tried.failed.has(circuit.exit));
      if (known !== undefined) return known;
      const making = this.#making.get(isolation);
      if (making === undefined) break;
      await making.catch(() => undefined); // told to whoever asked for it
    }
    const making = this.#make(target, isolation, tried).finally(() => this.#making.delete(isolation));
    this.#making.set(isolation, making);
    return making;
  }

  async #make(target: ExitTarget, isolation: string, tried: Tried): Promise<ExitCircuit> {
    const circuit = new ExitCircuit(this.options.env, this.options.circuits, await this.#choose(target, tried));
    if (this.#stopped) throw new GlobalNetError('cancelled', 'this peer is stopping');
    this.#dropUseless();
    if (this.#all().length >= EXIT_CIRCUITS_MAX) this.#dropIdlest();
    this.#circuits.set(isolation, [...(this.#circuits.get(isolation) ?? []), circuit]);
    this.#cancelTimer ??= this.options.env.schedule(EXIT_CHECK_MS, () => this.#check());
    return circuit;
  }

  /** An exit to which a circuit failed is asked again where there is no other; the one that failed last only where it is the only one. */
  async #choose(target: ExitTarget, { refused, failed }: Tried): Promise<readonly Descriptor[]> {
    const avoided = [...failed, ...this.#suspects.of(1)];
    let failure: unknown;
    // Others are asked for exits only where all that are known have said no: that may take longer than a connection has.
    for (const without of avoided.length === 0 ? [[]] : [avoided, [...failed].slice(-1), []]) {
      try {
        return await this.options.choosePath(target, new Set([...refused, ...without]), without.length === 0);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  #all(): ExitCircuit[] {
    return [...this.#circuits.values()].flat();
  }

  #check(): void {
    this.#dropUseless();
    this.#cancelTimer = this.#circuits.size === 0 ? undefined : this.options.env.schedule(EXIT_CHECK_MS, () => this.#check());
  }

  #dropUseless(): void {
    this.#drop(({ isOver }) => isOver);
  }

  /** @throws GlobalNetError `full` when all are in use. */
  #dropIdlest(): void {
    const idle = this.#all()
      .filter(({ streams }) => streams === 0)
      .sort((a, b) => a.openedAtMs - b.openedAtMs)[0];
    if (idle === undefined) throw new GlobalNetError('full', `${EXIT_CIRCUITS_MAX} circuits to exits are in use at once`);
    this.#drop((circuit) => circuit === idle);
  }

  #drop(isUseless: (circuit: ExitCircuit) => boolean): void {
    for (const [isolation, circuits] of [...this.#circuits]) {
      const left = circuits.filter((circuit) => !isUseless(circuit));
      for (const circuit of circuits) if (!left.includes(circuit)) circuit.close();
      if (left.length === 0) this.#circuits.delete(isolation);
      else this.#circuits.set(isolation, left);
    }
  }
}

/** What another exit may do better; what is wrong with the target itself is wrong everywhere. */
function isWorthAnother(error: unknown): boolean {
  if (!(error instanceof StreamReset)) return error instanceof GlobalNetError && error.kind !== 'cancelled';
  return error.reason === END.refused || error.reason === END.full || error.reason === END.internal || error.reason === END.sessionLost;
}
