import { GlobalNetError } from '../core/bytes/errors.ts';
import { nobleCrypto } from '../core/crypto/noble.ts';
import { randomBelow, sample, sleep } from '../core/env.ts';
import type { CryptoPort, DialTarget, Transport } from '../core/ports.ts';
import { VirtualClock } from './clock.ts';
import { type NodeOptions, SimNode } from './node.ts';
import { seededRandom } from './random.ts';
import { Wire } from './wire.ts';

export interface SimNetworkOptions {
  /** All that happens by chance follows from it. */
  seed: string;
  /** One way, drawn anew for each wire between these two. */
  latencyMs?: readonly [number, number];
  /** Each direction of each wire; unlimited unless said. */
  bytesPerSecond?: number;
  crypto?: CryptoPort;
}

interface Joined {
  readonly wire: Wire;
  readonly from: SimNode;
  readonly to: SimNode;
}

const LOG_LINES = 60;

/** A world of named nodes in memory: one clock, one seed, wires between them, and faults on cue. The same seed gives the same story. */
export class SimNetwork {
  readonly clock = new VirtualClock();
  readonly seed: string;
  readonly crypto: CryptoPort;
  /** Chance of the world itself, apart from every node's own. */
  readonly random: (lengthBytes: number) => Uint8Array;
  readonly #options: SimNetworkOptions;
  readonly #nodes = new Map<string, SimNode>();
  readonly #startMs = this.clock.now();
  #joined: Joined[] = [];
  #log: string[] = [];

  constructor(options: SimNetworkOptions) {
    this.#options = options;
    this.seed = options.seed;
    this.crypto = options.crypto ?? nobleCrypto;
    this.random = seededRandom(`${options.seed}/world`);
  }

  /** A new node, or a new life of one that was killed: its randomness goes on from another seed. */
  node(name: string, options: NodeOptions = {}): SimNode {
    const before = this.#nodes.get(name);
    if (before?.alive) throw new RangeError(`a node "${name}" is alive already`);
    const node = new SimNode(this, name, (before?.life ?? 0) + 1, options);
    this.#nodes.set(name, node);
    return node;
  }

  /** Nodes that are alive, in the order they were made. */
  get alive(): SimNode[] {
    return [...this.#nodes.values()].filter((node) => node.alive);
  }

  /** Wires that stand, between two nodes (in any order), of one node, or all. */
  wires(a?: SimNode, b?: SimNode): Wire[] {
    this.#joined = this.#joined.filter(({ wire }) => wire.state !== 'closed');
    const touches = ({ from, to }: Joined, node: SimNode | undefined): boolean => node === undefined || from === node || to === node;
    return this.#joined.filter((joined) => touches(joined, a) && touches(joined, b)).map(({ wire }) => wire);
  }

  /** Joins two nodes now: the end for each. */
  join(from: SimNode, to: SimNode, delayMs: number = this.#latencyMs()): [Transport, Transport] {
    const { bytesPerSecond } = this.#options;
    const wire = new Wire(this.clock, { delayMs, ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }) });
    this.#joined.push({ wire, from, to });
    return [wire.dialler, wire.listener];
  }

  /** What a node's dialer does: one round trip, as of a WebSocket, and the listener's end is handed over. */
  async dial(from: SimNode, target: DialTarget): Promise<Transport> {
    const to = this.alive.find((node) => node.url === target.url);
    const delayMs = this.#latencyMs();
    await sleep(this.clock, 2 * delayMs);
    if (to?.onTransport === undefined || !to.alive) throw new GlobalNetError('unreachable', `nobody listens at ${target.url}`);
    const [near, far] = this.join(from, to, delayMs);
    to.onTransport(far);
    return near;
  }

  /** The node is gone from one moment to the next: none of its timers runs again. Silently: nobody is told. */
  kill(node: SimNode, how: 'told' | 'silently' = 'told'): void {
    node.alive = false;
    for (const wire of this.wires(node)) {
      if (how === 'told') wire.cut(`${node.name} went away`);
      else wire.silence();
    }
  }

  /** One of `items`, by the world's chance. */
  pick<T>(items: readonly T[]): T | undefined {
    return sample(this, items, 1)[0];
  }

  /** Does `act` again and again, on average every `meanMs`, at moments that know nothing of each other. The answer stops it. */
  everyAbout(meanMs: number, act: () => void): () => void {
    let cancel: () => void;
    const next = (): void => {
      const share = (randomBelow(this, 2 ** 32) + 1) / 2 ** 32;
      cancel = this.clock.schedule(-Math.log(share) * meanMs, () => {
        next();
        act();
      });
    };
    next();
    return () => cancel();
  }

  note(line: string): void {
    this.#log.push(`${((this.clock.now() - this.#startMs) / 1000).toFixed(3).padStart(9)} s  ${line}`);
    if (this.#log.length > 2 * LOG_LINES) this.#log = this.#log.slice(-LOG_LINES);
  }

  /** Runs the clock until the story is told. @throws its error, with the seed and the last lines of all logs. */
  async run<T>(story: (network: this) => Promise<T>, limitMs?: number): Promise<T> {
    try {
      return await this.clock.runFor(story(this), limitMs);
    } catch (error) {
      const atMs = this.clock.now() - this.#startMs;
      const log = this.#log.slice(-LOG_LINES).join('\n');
      throw new Error(`seed "${this.seed}", after ${(atMs / 1000).toFixed(3)} s: ${(error as Error).message}\n${log}`, { cause: error });
    }
  }

  #latencyMs(): number {
    const [leastMs, mostMs] = this.#options.latencyMs ?? [5, 60];
    return leastMs + randomBelow(this, mostMs - leastMs + 1);
  }
}
