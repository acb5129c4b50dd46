import { GlobalNetError } from '../bytes/errors.ts';
import type { Env } from '../env.ts';
import type { Link } from '../ports.ts';
import { frameCircuitId } from '../wire/frame.ts';
import { EARLY_DATA_MAX_BYTES, MAX_HOPS } from '../wire/geometry.ts';
import { BuilderCircuit } from './builder-circuit.ts';
import { Patience } from './patience.ts';
import { SetupTurns } from './setup-turns.ts';
import type { HopKeys, SetupCrypto } from './types.ts';

/** Opens circuits, and hands each the frames that are its own. */
export class CircuitBuilder {
  readonly #env: Env;
  readonly #crypto: SetupCrypto;
  readonly #patience: Patience;
  readonly #circuits = new Map<Link, Map<number, BuilderCircuit>>();
  /** Of links that have closed none is kept, though a circuit may still be asked for there. */
  readonly #turns = new WeakMap<Link, SetupTurns>();

  constructor(env: Env, crypto: SetupCrypto) {
    this.#env = env;
    this.#patience = new Patience(env);
    this.#crypto = crypto;
  }

  /**
   * One flight through `hops`, the first of which is at the other end of `link`, the last of which reads `early`. `isHasty`: given up, with
   * `timeout`, when it takes much longer than others did lately.
   * @returns the circuit, open, and the last hop's data; cells wait until the circuit has a handler.
   * @throws RangeError for a path or early data that cannot be; GlobalNetError `malformed` | `refused` (a hop's keys, its price), `timeout`,
   * `cancelled`, `unreachable` (some hop refused or could not go on, or the link closed), `unverified` (somebody tampered); NoTurn where too
   * many of ours wait for the first hop.
   */
  async open(
    link: Link,
    hops: readonly HopKeys[],
    early: Uint8Array,
    signal?: AbortSignal,
    isHasty = false,
  ): Promise<{ circuit: BuilderCircuit; reply: Uint8Array }> {
    checkPath(link, hops, early);
    const turns = this.#turns.get(link) ?? new SetupTurns(this.#env);
    this.#turns.set(link, turns);
    await turns.take(signal);
    try {
      return await this.#build(link, hops, early, signal, isHasty);
    } finally {
      turns.done();
    }
  }

  async #build(
    link: Link,
    hops: readonly HopKeys[],
    early: Uint8Array,
    signal: AbortSignal | undefined,
    isHasty: boolean,
  ): Promise<{ circuit: BuilderCircuit; reply: Uint8Array }> {
    const id = link.newCircuitId();
    const onEnded = (): void => this.#forget(link, id);
    const circuit = new BuilderCircuit({ env: this.#env, crypto: this.#crypto, patience: this.#patience, link, id, hops, onEnded });
    const ofLink = this.#circuits.get(link) ?? new Map<number, BuilderCircuit>();
    this.#circuits.set(link, ofLink.set(id, circuit));
    return { circuit, reply: await circuit.build(early, signal, isHasty) };
  }

  /** False when the frame's circuit is none of ours. */
  onFrame(link: Link, frame: Uint8Array): boolean {
    const circuit = this.#circuits.get(link)?.get(frameCircuitId(frame));
    circuit?.onFrame(frame);
    return circuit !== undefined;
  }

  /** Whether a circuit of ours stands on this link. */
  carries(link: Link): boolean {
    return this.#circuits.has(link);
  }

  onLinkClose(link: Link): void {
    this.#turns.get(link)?.fail(new GlobalNetError('unreachable', 'the link to the first hop has closed'));
    this.#turns.delete(link);
    for (const circuit of [...(this.#circuits.get(link)?.values() ?? [])]) circuit.onLinkClosed();
  }

  /** All that have not ended. */
  *circuits(): Generator<BuilderCircuit> {
    for (const ofLink of this.#circuits.values()) yield* ofLink.values();
  }

  #forget(link: Link, id: number): void {
    const ofLink = this.#circuits.get(link);
    ofLink?.delete(id);
    if (ofLink?.size === 0) this.#circuits.delete(link);
  }
}

function checkPath(link: Link, hops: readonly HopKeys[], early: Uint8Array): void {
  if (hops.length < 1 || hops.length > MAX_HOPS) throw new RangeError(`a circuit has 1 to ${MAX_HOPS} hops, not ${hops.length}`);
  if (hops[0]?.peer !== link.peer) throw new RangeError(`the first hop is ${hops[0]?.peer}, but the link leads to ${link.peer}`);
  if (new Set(hops.map(({ peer }) => peer)).size !== hops.length) throw new RangeError('a circuit passes a peer once');
  if (early.length > EARLY_DATA_MAX_BYTES) throw new RangeError(`${early.length} bytes of early data: at most ${EARLY_DATA_MAX_BYTES} fit`);
}
