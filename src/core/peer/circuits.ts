import type { PeerId } from '../bytes/brand.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import { EMPTY } from '../bytes/bytes.ts';
import { type BuilderCircuit, type CircuitBuilder, type HopKeys, NoTurn } from '../circuit/index.ts';
import type { Env } from '../env.ts';
import type { CircuitEnd, CircuitSource, LastHop, Link, OpenedCircuit } from '../ports.ts';
import type { Descriptor } from '../wire/descriptor.ts';
import { CLOSE } from '../wire/registry.ts';
import { OPEN_TRIES, SPARE_CHECK_MS, SPARE_MAX_AGE_MS, SPARE_RETRY_MAX_MS, SPARE_RETRY_MIN_MS } from './constants.ts';

/** What this needs to know of the network to find a way. */
export interface Ways {
  /**
   * Our hops, the guard first, then `last` where there is one. `layered`: the second hop too is one of a few that are kept.
   * @throws GlobalNetError `unreachable` in words.
   */
  choosePath(last: Descriptor | undefined, layered: boolean): Promise<Descriptor[]>;
  /** Whether `last` may stand behind these hops: it is none of them, and related to none. */
  mayFollow(hops: readonly Descriptor[], last: Descriptor): boolean;
  /** The last hop's descriptor, named by others than itself. @throws GlobalNetError `unverified`. */
  usable(last: LastHop): Descriptor;
  /** @throws GlobalNetError `unreachable`. */
  linkTo(peer: PeerId): Promise<Link>;
  /** A build failed along these hops; whose fault it was is not known. */
  onBuildFailed(hops: readonly PeerId[]): void;
}

/** What the panel shows of a circuit of ours beside what the circuit knows itself. */
export interface CircuitNote {
  /** Never given twice, so that who closes a circuit by it closes no other. */
  readonly number: number;
  readonly openedAt: number;
  purpose: string;
  /** Measured by whoever speaks over it. */
  roundTripMs?: () => number | undefined;
}

/** How `openAlong` takes failures. */
export interface BuildPolicy {
  readonly tries?: number;
  /** Each try goes by the same hops: after a silence none is made, as the same dead hop would be waited for again. */
  readonly isFixed?: boolean;
  /** A failed build counts against its hops. Not where the user chose them: the same dead hop would count against all others each time. */
  readonly flagsHops?: boolean;
}

interface Spare {
  readonly circuit: BuilderCircuit;
  readonly hops: readonly Descriptor[];
  readonly builtAt: number;
}

/** Our own circuits: builds them, keeps warm spares, grows a spare by the last hop when one is wanted. */
export class Circuits implements CircuitSource {
  readonly #notes = new WeakMap<BuilderCircuit, CircuitNote>();
  readonly #spares: Spare[] = [];
  #wanted = 0;
  #lastNumber = 0;
  #filling = false;
  /** A spare's first try is on its way. */
  #trying = false;
  #retryMs = SPARE_RETRY_MIN_MS;
  #cancelCheck: (() => void) | undefined;
  /** Set while the last build failed and the next one is not due yet. */
  #cancelRetry: (() => void) | undefined;

  constructor(
    private readonly env: Env,
    private readonly builder: CircuitBuilder,
    private readonly ways: Ways,
    private readonly onChange: () => void,
  ) {}

  get spares(): number {
    return this.#spares.length;
  }

  /** A circuit stands, or is on its way and none before it has failed: others can be built as well. */
  get areExpected(): boolean {
    return this.#spares.length > 0 || (this.#trying && this.#retryMs === SPARE_RETRY_MIN_MS);
  }

  /** Circuits of ours that stand or are being built, with what they are for. */
  *own(): Generator<{ circuit: BuilderCircuit; note: CircuitNote }> {
    for (const circuit of this.builder.circuits()) {
      const note = this.#notes.get(circuit);
      if (note !== undefined) yield { circuit, note };
    }
  }

  /** Ends a circuit as if its path had died: whoever uses it takes another. False when there is none of this number. */
  close(number: number): boolean {
    for (const { circuit, note } of this.own()) {
      if (note.number !== number) continue;
      const { handler } = circuit;
      circuit.close(CLOSE.ended);
      handler?.onClose(CLOSE.ended);
      return true;
    }
    return false;
  }

  /** How the round trip of a circuit is measured, by whoever speaks over it. */
  measure(end: CircuitEnd, roundTripMs: () => number | undefined): void {
    for (const { circuit, note } of this.own()) if (circuit.name === end.name) note.roundTripMs = roundTripMs;
  }

  /** From now on this many spares are kept; a build that waits after a failed one is tried now. */
  keepSpares(count: number): void {
    this.#wanted = count;
    this.#cancelTimers();
    this.#check();
  }

  stop(): void {
    this.#wanted = 0;
    this.#cancelTimers();
    for (const circuit of [...this.builder.circuits()]) circuit.close(CLOSE.ended);
    this.#spares.length = 0;
  }

  async openTo(last: LastHop, early: Uint8Array, isolation: string, signal?: AbortSignal): Promise<OpenedCircuit> {
    const target = this.ways.usable(last);
    for (let spare = this.#takeSpareFor(target); spare !== undefined; spare = this.#takeSpareFor(target)) {
      if (signal?.aborted) throw new GlobalNetError('cancelled', 'the circuit is not wanted any more');
      const grown = await this.#grow(spare, target, early, isolation);
      if (grown !== undefined) return grown;
    }
    return this.openAlong(() => this.ways.choosePath(target, false), early, isolation, signal);
  }

  /**
   * For what stays at one place for days, as a service does: whoever ends such circuits again and again makes us build others, and
   * sees a second hop each time. So the second hop is one of a few as well, and no spare is used.
   */
  readonly layered: CircuitSource = {
    openTo: async (last, early, isolation, signal) => {
      const target = this.ways.usable(last);
      return this.openAlong(() => this.ways.choosePath(target, true), early, isolation, signal);
    },
  };

  /**
   * Built anew, no spare, along the hops that are chosen for each try.
   * @param early as `openTo`; of several tries more than one may be heard.
   * @throws as `choose` and `CircuitBuilder.open`.
   */
  async openAlong(
    choose: () => Promise<readonly Descriptor[]>,
    early: Uint8Array,
    isolation: string,
    signal?: AbortSignal,
    { tries = OPEN_TRIES, isFixed = false, flagsHops = true }: BuildPolicy = {},
  ): Promise<OpenedCircuit> {
    let failure: unknown;
    for (let attempt = 0; attempt < tries; attempt++) {
      if (signal?.aborted) throw new GlobalNetError('cancelled', 'the circuit is not wanted any more');
      const hops = await choose();
      try {
        const { circuit, reply } = await this.#build(hops, early, isolation, signal, flagsHops);
        return { end: circuit, reply, hops: hops.map(({ id }) => id) };
      } catch (error) {
        if (error instanceof NoTurn) throw error; // by another path one more would wait
        if (isFixed && error instanceof GlobalNetError && error.kind === 'timeout') throw error;
        failure = error;
      }
    }
    throw failure;
  }

  /** A one-hop circuit to a linked peer: it knows who asks, and is asked only what it may know. */
  async openDirect(peer: PeerId, descriptor: Descriptor, early: Uint8Array): Promise<OpenedCircuit> {
    const link = await this.ways.linkTo(peer);
    const { circuit, reply } = await this.builder.open(link, [hopKeys(descriptor)], early);
    this.#note(circuit, 'question');
    return { end: circuit, reply, hops: [peer] };
  }

  async #grow(spare: Spare, target: Descriptor, early: Uint8Array, purpose: string): Promise<OpenedCircuit | undefined> {
    try {
      const reply = await spare.circuit.extend(hopKeys(target), early);
      this.#note(spare.circuit, purpose);
      return { end: spare.circuit, reply, hops: [...spare.hops.map(({ id }) => id), target.id] };
    } catch {
      spare.circuit.close(CLOSE.ended);
      return undefined;
    } finally {
      void this.#fill();
    }
  }

  async #build(
    hops: readonly Descriptor[],
    early: Uint8Array,
    purpose: string,
    signal?: AbortSignal,
    flagsHops = true,
  ): Promise<{ circuit: BuilderCircuit; reply: Uint8Array }> {
    const [guard] = hops;
    if (guard === undefined) throw new GlobalNetError('unreachable', 'a circuit needs a first hop');
    try {
      const link = await this.ways.linkTo(guard.id);
      const opened = await this.builder.open(link, hops.map(hopKeys), early, signal);
      this.#note(opened.circuit, purpose);
      return opened;
    } catch (error) {
      if (flagsHops && !signal?.aborted && !(error instanceof NoTurn)) this.ways.onBuildFailed(hops.map(({ id }) => id));
      throw error;
    }
  }

  #note(circuit: BuilderCircuit, purpose: string): void {
    const known = this.#notes.get(circuit);
    this.#notes.set(circuit, { number: known?.number ?? ++this.#lastNumber, openedAt: known?.openedAt ?? this.env.now(), purpose });
    this.onChange();
  }

  #keepSpare(spare: Spare): void {
    this.#spares.push(spare);
    // Nobody speaks on a spare; what is heard is its end, or that it is taken.
    spare.circuit.handler = { onBody: () => undefined, onDrain: () => undefined, onClose: () => this.#drop(spare) };
    this.onChange();
  }

  #drop(spare: Spare): void {
    const index = this.#spares.indexOf(spare);
    if (index >= 0) this.#spares.splice(index, 1);
    this.onChange();
  }

  #takeSpareFor(last: Descriptor): Spare | undefined {
    this.#dropOld();
    const index = this.#spares.findIndex(({ hops }) => this.ways.mayFollow(hops, last));
    return index < 0 ? undefined : this.#spares.splice(index, 1)[0];
  }

  #dropOld(): void {
    const oldest = this.env.now() - SPARE_MAX_AGE_MS;
    for (const spare of this.#spares.filter(({ builtAt }) => builtAt < oldest)) {
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
    void this.#fill();
    if (this.#wanted > 0) this.#cancelCheck = this.env.schedule(SPARE_CHECK_MS, () => this.#check());
  }

  /** One build after the other: two at once would only wait for the same thread. */
  async #fill(): Promise<void> {
    if (this.#filling || this.#cancelRetry !== undefined) return;
    this.#filling = true;
    try {
      while (this.#spares.length < this.#wanted) {
        const spare = await this.#buildSpare();
        if (this.#wanted === 0) return spare.circuit.close(CLOSE.ended); // stopped meanwhile
        this.#keepSpare(spare);
        this.#retryMs = SPARE_RETRY_MIN_MS;
      }
    } catch (error) {
      this.env.log('info', 'circuits', `no spare circuit yet: ${(error as Error).message}`);
      if (this.#wanted > 0) this.#retryLater();
    } finally {
      this.#filling = false;
    }
  }

  async #buildSpare(): Promise<Spare> {
    for (let attempt = 1; ; attempt++) {
      const hops = await this.ways.choosePath(undefined, false);
      this.#try(attempt === 1);
      try {
        const { circuit } = await this.#build(hops, EMPTY, 'spare');
        return { circuit, hops, builtAt: this.env.now() };
      } catch (error) {
        if (attempt === OPEN_TRIES || this.#wanted === 0 || error instanceof NoTurn) throw error;
      } finally {
        this.#trying = false;
      }
    }
  }

  #try(isFirst: boolean): void {
    this.#trying = isFirst;
    this.onChange();
  }

  /** One timer, whoever asked for the build: one for each would try ever more often while there is no network. */
  #retryLater(): void {
    this.#cancelRetry = this.env.schedule(this.#retryMs, () => {
      this.#cancelRetry = undefined;
      void this.#fill();
    });
    this.#retryMs = Math.min(2 * this.#retryMs, SPARE_RETRY_MAX_MS);
  }
}

export function hopKeys(descriptor: Descriptor): HopKeys {
  const { id, onionX25519, onionKem, hash, setupEffort } = descriptor;
  return { peer: id, onionX25519, onionKem, descriptorHash: hash, setupEffort };
}
