import type { PeerId } from '../bytes/brand.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import { EMPTY } from '../bytes/bytes.ts';
import { type BuilderCircuit, type CircuitBuilder, type HopKeys, NoTurn } from '../circuit/index.ts';
import type { Env } from '../env.ts';
import type { CircuitEnd, CircuitSource, LastHop, Link, OpenedCircuit, OpenWish, PathGroup } from '../ports.ts';
import type { Descriptor } from '../wire/descriptor.ts';
import { CLOSE } from '../wire/registry.ts';
import type { BuildOptions, BuildPolicy } from './build-policy.ts';
import { OPEN_TRIES } from './constants.ts';
import { type Spare, Spares } from './spares.ts';
import type { Suspects } from './suspects.ts';

/** What this needs to know of the network to find a way. */
export interface Ways {
  /**
   * Our hops, the guard first, then `last` where there is one. `layered`: the second hop too is one of a few that are kept. Hops that
   * other paths of `group` have are left out where there is a choice; the path that is chosen is put in under `isolation`.
   * @throws GlobalNetError `unreachable` in words.
   */
  choosePath(last: Descriptor | undefined, layered: boolean, isolation?: string, group?: PathGroup): Promise<Descriptor[]>;
  readonly suspects: Pick<Suspects, 'onSilent' | 'onAnswered' | 'isOn'>;
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

/** Our own circuits: builds them, keeps warm spares, grows a spare by the last hop when one is wanted. */
export class Circuits implements CircuitSource {
  readonly #notes = new WeakMap<BuilderCircuit, CircuitNote>();
  readonly #spares: Spares;
  #lastNumber = 0;

  constructor(
    private readonly env: Env,
    private readonly builder: CircuitBuilder,
    private readonly ways: Ways,
    private readonly onChange: () => void,
  ) {
    this.#spares = new Spares({
      env,
      onChange,
      choosePath: () => ways.choosePath(undefined, false),
      build: async (hops) => (await this.#build(hops, EMPTY, 'spare')).circuit,
    });
  }

  get spares(): number {
    return this.#spares.count;
  }

  /** A circuit stands, or is on its way and none before it has failed: others can be built as well. */
  get areExpected(): boolean {
    return this.#spares.areExpected;
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

  /** This circuit has fallen silent: so may be those that share a hop with it. */
  avoidHopsOf(end: CircuitEnd): void {
    const silent = [...this.own()].find(({ circuit }) => circuit.name === end.name)?.circuit.hops ?? [];
    this.ways.onBuildFailed(silent.slice(1));
    this.#onSilent(silent);
  }

  /** All spares may have one guard, and go on if it is not that. */
  #onSilent(hops: readonly PeerId[]): void {
    this.ways.suspects.onSilent(hops);
    this.#spares.avoid(hops.slice(1));
  }

  /** From now on this many spares are kept; a build that waits after a failed one is tried now. */
  keepSpares(count: number): void {
    this.#spares.keep(count);
  }

  stop(): void {
    this.#spares.stop();
    for (const circuit of [...this.builder.circuits()]) circuit.close(CLOSE.ended);
  }

  async openTo(last: LastHop, early: Uint8Array, isolation: string, signal?: AbortSignal, wish: OpenWish = {}): Promise<OpenedCircuit> {
    const target = this.ways.usable(last);
    const fits = (hops: readonly Descriptor[]): boolean => this.ways.mayFollow(hops, target);
    const isTrusted = (hops: readonly Descriptor[]): boolean => fits(hops) && !this.ways.suspects.isOn(hops.map(({ id }) => id));
    const take = (): Spare | undefined => this.#spares.take(isTrusted) ?? this.#spares.take(fits);
    for (let spare = take(); spare !== undefined; spare = take()) {
      if (signal?.aborted) throw new GlobalNetError('cancelled', 'the circuit is not wanted any more');
      const grown = await this.#grow(spare, target, early, isolation, signal);
      if (typeof grown === 'object') return grown;
      if (grown === 'silent' && wish.isHasty) throw new GlobalNetError('timeout', 'no circuit in the time that others took');
    }
    const policy = wish.isHasty ? { isHasty: true } : {};
    return this.openAlong(() => this.ways.choosePath(target, false), early, isolation, signal, policy);
  }

  /**
   * For what stays at one place for days, as a service does: whoever ends such circuits again and again makes us build others, and
   * sees a second hop each time. So the second hop is one of a few as well, and no spare is used.
   */
  readonly layered: CircuitSource = {
    openTo: async (last, early, isolation, signal, { group } = {}) => {
      const target = this.ways.usable(last);
      return this.openAlong(() => this.ways.choosePath(target, true, isolation, group), early, isolation, signal);
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
    { tries = OPEN_TRIES, isFixed = false, flagsHops = true, isHasty = false }: BuildPolicy = {},
  ): Promise<OpenedCircuit> {
    let failure: unknown;
    for (let attempt = 0; attempt < tries; attempt++) {
      if (signal?.aborted) throw new GlobalNetError('cancelled', 'the circuit is not wanted any more');
      const hops = await choose();
      const isInHaste = isHasty || (!isFixed && attempt < tries - 1);
      try {
        const { circuit, reply } = await this.#build(hops, early, isolation, { signal, flagsHops, isHasty: isInHaste });
        return { end: circuit, reply, hops: hops.map(({ id }) => id) };
      } catch (error) {
        if (error instanceof NoTurn) throw error; // by another path one more would wait
        if ((isFixed || isHasty) && isTimeout(error)) throw error;
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

  /** In haste: it can be built anew. */
  async #grow(
    spare: Spare,
    target: Descriptor,
    early: Uint8Array,
    purpose: string,
    signal?: AbortSignal,
  ): Promise<OpenedCircuit | 'silent' | 'broken'> {
    const hops = [...spare.hops.map(({ id }) => id), target.id];
    try {
      const reply = await spare.circuit.extend(hopKeys(target), early, signal, true);
      this.#note(spare.circuit, purpose);
      this.ways.suspects.onAnswered(hops);
      return { end: spare.circuit, reply, hops };
    } catch (error) {
      spare.circuit.close(CLOSE.ended);
      if (!isTimeout(error)) return 'broken';
      this.#onSilent(hops);
      return 'silent';
    } finally {
      void this.#spares.fill();
    }
  }

  async #build(
    hops: readonly Descriptor[],
    early: Uint8Array,
    purpose: string,
    { signal, flagsHops = true, isHasty }: BuildOptions = {},
  ): Promise<{ circuit: BuilderCircuit; reply: Uint8Array }> {
    const [guard] = hops;
    if (guard === undefined) throw new GlobalNetError('unreachable', 'a circuit needs a first hop');
    const ids = hops.map(({ id }) => id);
    try {
      const link = await this.ways.linkTo(guard.id);
      const opened = await this.builder.open(link, hops.map(hopKeys), early, signal, isHasty);
      this.#note(opened.circuit, purpose);
      this.ways.suspects.onAnswered(ids);
      return opened;
    } catch (error) {
      if (flagsHops && !signal?.aborted && !(error instanceof NoTurn)) {
        this.ways.onBuildFailed(ids);
        if (isTimeout(error)) this.#onSilent(ids);
      }
      throw error;
    }
  }

  #note(circuit: BuilderCircuit, purpose: string): void {
    const known = this.#notes.get(circuit);
    this.#notes.set(circuit, { number: known?.number ?? ++this.#lastNumber, openedAt: known?.openedAt ?? this.env.now(), purpose });
    this.onChange();
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof GlobalNetError && error.kind === 'timeout';
}

export function hopKeys(descriptor: Descriptor): HopKeys {
  const { id, onionX25519, onionKem, hash, setupEffort } = descriptor;
  return { peer: id, onionX25519, onionKem, descriptorHash: hash, setupEffort };
}
