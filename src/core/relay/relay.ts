import type { PeerId } from '../bytes/brand.ts';
import type { Env } from '../env.ts';
import type { Link } from '../ports.ts';
import { encodeDestroy } from '../wire/cell.ts';
import { frameCircuitId, frameContent, frameLengthBytes, frameType } from '../wire/frame.ts';
import { CLOSE, FRAME } from '../wire/registry.ts';
import { CircuitTable } from './circuit-table.ts';
import { RELAY_LIMITS } from './constants.ts';
import { RelayCircuit } from './relay-circuit.ts';
import { peelSetup } from './setup-hop.ts';
import { TokenBucket } from './token-bucket.ts';
import type { RelayCircuitHost, RelayLimits, RelayOptions, RelayStats } from './types.ts';

/** What is kept of one link, whose peer may be anybody. */
interface LinkBooks {
  halfBuilt: number;
  readonly setups: TokenBucket;
}

/** A hop of others' circuits. Frames in, frames out; what breaks the rules ends its circuit, and nothing is ever thrown at a link. */
export class Relay {
  readonly #options: RelayOptions;
  readonly #env: Env;
  readonly #limits: RelayLimits;
  readonly #table = new CircuitTable();
  readonly #books = new Map<Link, LinkBooks>();
  readonly #dials: TokenBucket;
  readonly #host: RelayCircuitHost;
  #accepting = true;
  #relayedCells = 0;
  #refusedSetups = 0;
  #lastNumber = 0;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#env = options.env;
    this.#limits = { ...RELAY_LIMITS, ...options.limits };
    this.#dials = new TokenBucket(this.#env, this.#limits.dialBurst, this.#limits.dialsPerMinute / 60);
    this.#host = {
      env: this.#env,
      limits: this.#limits,
      linkToNext: (next, previous) => this.#linkToNext(next, previous),
      mayExtend: (previous) => this.#bookSetup(previous),
      onNext: (circuit, link, id) => this.#table.add(link, id, { circuit, fromBuilder: false }),
      onRelayed: () => this.#relayedCells++,
      onSettled: (previous) => this.#onSettled(previous),
      onEnded: (circuit) => this.#forget(circuit),
    };
  }

  get stats(): RelayStats {
    return { circuits: this.#table.size, relayedCells: this.#relayedCells, refusedSetups: this.#refusedSetups };
  }

  /** Any frame of a circuit that is none of our own. Frames of circuits that nobody knows are thrown away: they crossed a destroy. */
  onFrame(link: Link, frame: Uint8Array): void {
    const type = frameType(frame);
    const id = frameCircuitId(frame);
    if (id === 0 || frame.length !== frameLengthBytes(type)) return;
    const entry = this.#table.get(link, id);
    if (type === FRAME.setup) {
      if (entry === undefined) this.#onSetup(link, id, frame);
      else entry.circuit.close(CLOSE.ended);
    } else if (entry === undefined) return;
    else if (type === FRAME.cell) {
      if (entry.fromBuilder) entry.circuit.onForwardCell(frame);
      else entry.circuit.onBackCell(frame);
    } else if (type === FRAME.destroy) entry.circuit.onGone(entry.fromBuilder, CLOSE.ended);
    else if (type === FRAME.reply && !entry.fromBuilder) entry.circuit.onReply(frame);
    else entry.circuit.close(CLOSE.ended);
  }

  /** Whether a circuit of others stands on this link. */
  carries(link: Link): boolean {
    return this.#table.carries(link);
  }

  onLinkClose(link: Link): void {
    for (const { circuit, fromBuilder } of this.#table.ofLink(link)) circuit.onGone(fromBuilder, CLOSE.linkLost);
    this.#books.delete(link);
  }

  /** Off: no circuit of others begins or passes here from now on; those that do end. */
  setAccepting(accepting: boolean): void {
    this.#accepting = accepting;
    if (!accepting) this.close();
  }

  /** Ends every circuit. */
  close(): void {
    for (const circuit of this.#table.circuits()) circuit.close(CLOSE.ended);
  }

  #onSetup(link: Link, id: number, frame: Uint8Array): void {
    const books = this.#booksOf(link);
    const room = this.#accepting && this.#table.size < this.#limits.circuits && books.halfBuilt < this.#limits.halfBuiltPerLink;
    const peeled =
      room && this.#bookSetup(link)
        ? peelSetup(this.#env.crypto, this.#options.self, this.#options.onionKeys, frameContent(frame))
        : undefined;
    if (peeled === undefined) {
      this.#refusedSetups++;
      link.sendFrame(encodeDestroy(id), 'control');
      return;
    }
    const circuit = new RelayCircuit(this.#host, { link, id }, peeled);
    this.#table.add(link, id, { circuit, fromBuilder: true });
    books.halfBuilt++;
    if (peeled.route.next === undefined) circuit.endHere(`last hop ${++this.#lastNumber}`, this.#options.onLastHop);
    else circuit.forward(peeled.route.next, frame);
  }

  #linkToNext(next: PeerId, previous: Link): Link | undefined | Promise<Link | undefined> {
    // Back where it came from, or round in a circle through ourselves: nobody's path, but a way to burn our bytes.
    if (next === previous.peer || next === this.#options.self) return undefined;
    return this.#options.linkTo(next) ?? (this.#dials.take() ? this.#options.dial(next) : undefined);
  }

  #bookSetup(link: Link): boolean {
    return this.#booksOf(link).setups.take();
  }

  #onSettled(previous: Link): void {
    const books = this.#books.get(previous);
    if (books !== undefined) books.halfBuilt--;
  }

  #booksOf(link: Link): LinkBooks {
    let books = this.#books.get(link);
    if (books === undefined) {
      books = { halfBuilt: 0, setups: new TokenBucket(this.#env, this.#limits.setupBurst, this.#limits.setupsPerSecond) };
      this.#books.set(link, books);
    }
    return books;
  }

  #forget(circuit: RelayCircuit): void {
    for (const side of [circuit.previous, circuit.next]) if (side !== undefined) this.#table.remove(side.link, side.id);
  }
}
