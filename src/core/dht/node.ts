import { nearestTo } from '../bytes/distance.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import { type Env, sample } from '../env.ts';
import type { Ask } from '../ports.ts';
import type { PeerId } from '../bytes/brand.ts';
import type { Descriptor } from '../wire/descriptor.ts';
import { decodeDhtRequest, type DhtAnswer, type DhtRequest, encodeDhtAnswer } from '../wire/dht.ts';
import { DHT_NODES_MAX, DHT_VALUES_MAX, HASH_BYTES } from '../wire/geometry.ts';
import { END, KEEP, type KeepResult } from '../wire/registry.ts';
import { type DhtValue, verifyValue } from '../wire/value.ts';
import {
  BAG_ANSWER,
  FETCH_TIMEOUT_MS,
  GRACE_MS,
  LEARN_AGAIN_MS,
  MAINTAIN_MS,
  NEAR_PEERS,
  NOT_MINE_AFTER,
  PROBES,
  POSITIONS,
  QUERIES_MAX,
} from './constants.ts';
import { gather, type Patience } from './gather.ts';
import { type Fetched, isFound, Lookup } from './lookup.ts';
import { unknownTo } from './known-prefixes.ts';
import { newest } from './merge.ts';
import { storePosition, valuePosition } from './positions.ts';
import { StoreTable } from './table.ts';
import { isMine, ValueStore, type ValueStoreOptions } from './value-store.ts';

export interface DhtNodeOptions extends ValueStoreOptions {
  readonly self: PeerId;
  /** Our descriptor of this epoch; undefined while there is none, then this peer runs queries and holds nothing. */
  readonly own: () => Descriptor | undefined;
  /** Store peers that the directory knows: where the table begins, and how it learns their descriptors of each new epoch. */
  readonly known?: () => Iterable<Descriptor>;
  /** Store peers are asked by `link`. */
  readonly ask: Ask;
}

interface Stored {
  kept: number;
  result: KeepResult;
  effort: number;
}

/** A store peer: runs queries for others, routes, and holds values. */
export class DhtNode {
  readonly table: StoreTable;
  readonly values: ValueStore;
  readonly #lookup: Lookup;
  #running = 0;
  #learnedAtMs = 0;
  #cancel: (() => void) | undefined;

  constructor(
    readonly env: Env,
    readonly options: DhtNodeOptions,
  ) {
    this.table = new StoreTable(env.crypto, options.self, () => this.#position());
    this.values = new ValueStore(env, () => this.#position(), options);
    this.#lookup = new Lookup(env, options.ask, this.table, options.own);
  }

  /** Between two rounds of maintenance only a table that is nearly empty looks for more. */
  #learn(): void {
    this.#learnedAtMs = this.env.now();
    for (const descriptor of this.options.known?.() ?? []) this.table.add(descriptor);
  }

  #position(): Uint8Array | undefined {
    const own = this.options.own();
    return own === undefined ? undefined : storePosition(this.env.crypto, own);
  }

  /** Answers a dht stream. Never throws; bytes that are no request get the error `malformed`. */
  async serve(request: Uint8Array): Promise<Uint8Array> {
    try {
      return encodeDhtAnswer(await this.#handle(decodeDhtRequest(request)));
    } catch (error) {
      const refused =
        error instanceof GlobalNetError && (error.kind === 'malformed' || error.kind === 'unverified' || error.kind === 'clock');
      if (!refused) this.env.log('warn', 'dht', `a request failed: ${String(error)}`);
      return encodeDhtAnswer({ type: 'error', reason: refused ? END.malformed : END.internal });
    }
  }

  async #handle(request: DhtRequest): Promise<DhtAnswer> {
    switch (request.type) {
      case 'fetch':
        return this.#fetched(request);
      case 'keep':
        return { type: 'stored', ...this.#keep(verifyValue(this.env.crypto, request.value, this.env.now())) };
      case 'route':
        return this.#query(async () => ({
          type: 'nodes',
          nodes: bytesOf(await this.#lookup.route(request)),
        }));
      case 'find':
        return this.#query(() => this.#found(request));
      case 'store': {
        const value = verifyValue(this.env.crypto, request.value, this.env.now());
        return this.#query(async () => ({ type: 'stored', ...(await this.store(value)) }));
      }
    }
  }

  async #query(run: () => Promise<DhtAnswer>): Promise<DhtAnswer> {
    if (this.#running >= QUERIES_MAX) return { type: 'error', reason: END.full };
    this.#running += 1;
    if (this.table.size < NEAR_PEERS && this.env.now() - this.#learnedAtMs >= LEARN_AGAIN_MS) this.#learn();
    try {
      return await run();
    } finally {
      this.#running -= 1;
    }
  }

  #fetched(request: DhtRequest & { type: 'fetch' }): DhtAnswer {
    const target = valuePosition(this.env.crypto, request.key, request.position);
    const nodes = unknownTo(request.known, this.#lookup.nearestKnown(target));
    return { type: 'values', values: bytesOf(this.values.get(request.key)), nodes: bytesOf(nodes) };
  }

  async #found({ key, soon, responders: withResponders }: DhtRequest & { type: 'find' }): Promise<DhtAnswer> {
    const { values, responders } = await this.find(key, { soon });
    return {
      type: 'values',
      values: bytesOf(values.slice(0, DHT_VALUES_MAX)),
      nodes: withResponders ? bytesOf(responders.slice(0, DHT_NODES_MAX)) : [],
    };
  }

  /** What the network holds under a key: of single-writer values what wins, of a bag ten. Both positions are asked at once. Responders: who held it, then who did not. */
  async find(key: Uint8Array, { soon = false } = {}): Promise<{ values: DhtValue[]; responders: Descriptor[] }> {
    const lookups = POSITIONS.map((position) => this.#lookup.fetch(key, position, soon));
    const patience: Patience<Fetched[]> = {
      isUseful: (fetched) => fetched.some(({ values }) => values.length > 0),
      graceMs: GRACE_MS,
      isEnough: (all) => soon && all.some(isFound),
    };
    const answers = (await gather(this.env, lookups, patience)).flat();
    const values = newest([...this.values.get(key), ...answers.flatMap((answer) => answer.values)]);
    const isBag = values[0]?.kind === 'bag';
    return {
      values: isBag ? sample(this.env, values, BAG_ANSWER) : values,
      responders: [...answers].sort((a, b) => b.values.length - a.values.length).map(({ holder }) => holder),
    };
  }

  /** Brings a value to the sixteen that are to hold it. */
  async store(value: DhtValue): Promise<Stored> {
    const targets = POSITIONS.map((position) => valuePosition(this.env.crypto, value.key, position));
    const nearest = await Promise.all(targets.map(async (target) => this.#lookup.nearestOfEach(target, await this.#lookup.views(target))));
    const holders = new Map(nearest.flat().map((holder) => [holder.id, holder]));
    const outcomes = await Promise.all([...holders.keys()].map((id) => this.#keepAt(id, value)));
    const refusals = outcomes.filter((outcome) => outcome !== undefined && outcome.kept === 0) as Stored[];
    const kept = outcomes.reduce((sum, outcome) => sum + (outcome?.kept ?? 0), 0);
    return {
      kept,
      result: refusals.length > kept ? commonest(refusals) : KEEP.kept,
      effort: Math.max(0, ...refusals.map(({ effort }) => effort)),
    };
  }

  async #keepAt(id: PeerId, value: DhtValue): Promise<Stored | undefined> {
    if (id === this.options.self) return this.#keep(value);
    const answer = await this.#lookup.askPeer(id, { type: 'keep', value: value.bytes }, FETCH_TIMEOUT_MS);
    return answer?.type === 'stored' ? { kept: Math.min(1, answer.kept), result: answer.result, effort: answer.effort } : undefined;
  }

  #keep(value: DhtValue): Stored {
    const own = this.#position();
    const others = this.table.peers().map(({ position }) => position);
    if (own === undefined || !isMine(this.env, own, value.key, others, NOT_MINE_AFTER)) return { kept: 0, result: KEEP.notMine, effort: 0 };
    const { result, effort } = this.values.keep(value);
    return { kept: result === KEEP.kept ? 1 : 0, result, effort };
  }

  /** Looks around, at our own neighbourhood and at one point drawn anywhere, and dials some that are known by hearsay. */
  async maintain(): Promise<void> {
    this.#learn();
    this.table.dropExpired(this.env.now());
    this.values.prune();
    const own = this.#position();
    const anywhere = this.env.random(HASH_BYTES);
    await Promise.all([...(own === undefined ? [] : [own]), anywhere].map((target) => this.#lookup.views(target)));
    const candidates = this.table.candidates();
    const near = nearestTo(own ?? anywhere, candidates, PROBES, ({ position }) => position);
    const probed = new Set([...near, ...sample(this.env, candidates, PROBES)]);
    await Promise.all([...probed].map(({ id }) => this.#lookup.probe(id, own ?? anywhere)));
  }

  /** Maintains for as long as it runs. */
  start(): void {
    const again = () => {
      this.#cancel = this.env.schedule(MAINTAIN_MS, again);
      void this.maintain();
    };
    if (this.#cancel === undefined) again();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}

function bytesOf(items: readonly { readonly bytes: Uint8Array }[]): Uint8Array[] {
  return items.map(({ bytes }) => bytes);
}

function commonest(refusals: readonly Stored[]): KeepResult {
  const count = (result: KeepResult) => refusals.filter((refusal) => refusal.result === result).length;
  return refusals.map(({ result }) => result).reduce((best, result) => (count(result) > count(best) ? result : best));
}
