import type { PeerId } from '../bytes/brand.ts';
import { hex } from '../bytes/bytes.ts';
import { compareDistance } from '../bytes/distance.ts';
import type { Env } from '../env.ts';
import type { Ask } from '../ports.ts';
import { type Descriptor, isCurrent, verifyDescriptor } from '../wire/descriptor.ts';
import { decodeDhtAnswer, DHT_ANSWER_MAX_BYTES, type DhtAnswer, type DhtRequest, encodeDhtRequest } from '../wire/dht.ts';
import { DHT_NODES_MAX } from '../wire/geometry.ts';
import { STREAM } from '../wire/registry.ts';
import { type DhtValue, verifyValue } from '../wire/value.ts';
import {
  FETCH_ROUND_PEERS,
  FETCH_ROUNDS,
  FETCH_TIMEOUT_MS,
  GRACE_MS,
  HOME_PEERS,
  REPLICAS,
  REPLICAS_ENOUGH,
  ROUTE_BUDGET_MIN_MS,
  ROUTE_BUDGET_MS,
  ROUTE_BUDGET_SHARE,
  ROUTE_HOPS_MAX,
  ROUTE_TRIES,
  ROUTES,
} from './constants.ts';
import { gather, within } from './gather.ts';
import { prefixesOf, unknownTo } from './known-prefixes.ts';
import { storePosition, valuePosition } from './positions.ts';
import { nearestStores, type StoreTable } from './table.ts';

type RouteRequest = Pick<DhtRequest & { type: 'route' }, 'target' | 'hopsLeft' | 'budgetMs' | 'known'>;

/** What a holder said. */
export interface Fetched {
  readonly holder: Descriptor;
  readonly values: readonly DhtValue[];
  readonly nearer: readonly Descriptor[];
}

/** Finds who is nearest to a point, over other store peers; no state but the table and the descriptors it has verified. */
export class Lookup {
  /** Descriptors of one epoch come many times: each is verified once. */
  readonly #verified = new Map<string, Descriptor>();

  constructor(
    readonly env: Env,
    readonly ask: Ask,
    readonly table: StoreTable,
    readonly own: () => Descriptor | undefined,
  ) {}

  /** @returns undefined when there was no answer in time; the peer's failure is noted. */
  async askPeer(id: PeerId, request: DhtRequest, timeoutMs: number): Promise<DhtAnswer | undefined> {
    const answer = await within(this.env, timeoutMs, this.#askOnce(id, request));
    if (answer === undefined) this.table.failed(id);
    else this.table.answered(id);
    return answer;
  }

  async #askOnce(id: PeerId, request: DhtRequest): Promise<DhtAnswer> {
    return decodeDhtAnswer(await this.ask(id, STREAM.dht, 'link', encodeDhtRequest(request), DHT_ANSWER_MAX_BYTES));
  }

  /** Those of the bytes that are store peers' current descriptors; each is offered to the table. */
  verifyNodes(nodes: readonly Uint8Array[]): Descriptor[] {
    return nodes.slice(0, DHT_NODES_MAX).flatMap((bytes) => {
      const descriptor = this.#verify(bytes);
      if (descriptor === undefined || storePosition(this.env.crypto, descriptor) === undefined) return [];
      this.table.add(descriptor);
      return [descriptor];
    });
  }

  #verify(bytes: Uint8Array): Descriptor | undefined {
    const key = hex(this.env.crypto.sha256(bytes));
    const seen = this.#verified.get(key);
    if (seen !== undefined) return isCurrent(seen, this.env.now()) ? seen : undefined;
    try {
      const descriptor = verifyDescriptor(this.env.crypto, bytes, this.env.now());
      if (this.#verified.size >= 2048) this.#verified.delete(this.#verified.keys().next().value as string);
      this.#verified.set(key, descriptor);
      return descriptor;
    } catch {
      return undefined;
    }
  }

  /** The nearest that this peer knows itself, itself among them. */
  nearestKnown(target: Uint8Array): Descriptor[] {
    const own = this.own();
    return nearestStores(this.env.crypto, target, [...this.table.descriptors(), ...(own === undefined ? [] : [own])], REPLICAS);
  }

  /**
   * One step of a greedy route: hands the question to a peer strictly nearer to the target. What it says stands behind what this peer
   * knows itself, and displaces nothing of it: places that a hostile step made up must not hide those that honest ones know.
   */
  async route({ target, hopsLeft, budgetMs, known }: RouteRequest): Promise<Descriptor[]> {
    const nearest = this.nearestKnown(target);
    const named = hopsLeft === 0 ? [] : await this.#namedByNext(target, nearest, hopsLeft, Math.min(budgetMs, ROUTE_BUDGET_MS));
    return unknownTo(known, [...nearest, ...named]);
  }

  /** Whom a peer nearer to the target knows besides; nobody when there is none that answers. */
  async #namedByNext(target: Uint8Array, nearest: readonly Descriptor[], hopsLeft: number, budgetMs: number): Promise<Descriptor[]> {
    const deadlineMs = this.env.now() + budgetMs;
    for (const next of this.#nearer(target).slice(0, ROUTE_TRIES)) {
      const leftMs = deadlineMs - this.env.now();
      if (leftMs < ROUTE_BUDGET_MIN_MS) break;
      const nodes = await this.#routeBy(next, target, nearest, Math.min(hopsLeft, ROUTE_HOPS_MAX) - 1, leftMs * ROUTE_BUDGET_SHARE);
      if (nodes !== undefined) return nearestStores(this.env.crypto, target, nodes, REPLICAS);
    }
    return [];
  }

  /** Those of the nearest that are not among the `nearest` known here: descriptors are long, and mostly they are. */
  async #routeBy(
    next: Pick<Descriptor, 'id'>,
    target: Uint8Array,
    nearest: readonly Descriptor[],
    hopsLeft: number,
    budgetMs: number,
  ): Promise<Descriptor[] | undefined> {
    const request = { type: 'route', hopsLeft, budgetMs: Math.floor(budgetMs), target, known: prefixesOf(nearest) } as const;
    const answer = await this.askPeer(next.id, request, budgetMs);
    return answer?.type === 'nodes' ? this.verifyNodes(answer.nodes) : undefined;
  }

  /** Dials a candidate, which proves its address or drops it. */
  async probe(id: PeerId, target: Uint8Array): Promise<void> {
    await this.#routeBy({ id }, target, this.nearestKnown(target), 0, FETCH_TIMEOUT_MS);
  }

  #nearer(target: Uint8Array, count = REPLICAS): Descriptor[] {
    const own = this.own();
    const position = own === undefined ? undefined : storePosition(this.env.crypto, own);
    const known = nearestStores(this.env.crypto, target, this.table.descriptors(), count);
    if (position === undefined) return known;
    return known.filter((one) => compareDistance(target, storePosition(this.env.crypto, one) as Uint8Array, position) < 0);
  }

  /** So near to the target that those around it are among the nearest to this peer, most of which it knows. */
  #isAtHome(target: Uint8Array): boolean {
    return this.own() !== undefined && this.#nearer(target, HOME_PEERS).length < HOME_PEERS;
  }

  /** Who may be nearest to a point in the whole network: what this peer knows, and what each of several routes said, apart. */
  async views(target: Uint8Array): Promise<Descriptor[][]> {
    const starts = nearestStores(this.env.crypto, target, this.table.descriptors(), ROUTES);
    const nearest = this.nearestKnown(target);
    const routes = starts.map((start) => this.#routeBy(start, target, nearest, ROUTE_HOPS_MAX, ROUTE_BUDGET_MS));
    return [nearest, ...(await gather(this.env, routes, { isUseful: () => true, graceMs: GRACE_MS }))];
  }

  /** The REPLICAS nearest of each view, once each: where all are honest that is hardly more than the REPLICAS nearest of all. */
  nearestOfEach(target: Uint8Array, views: readonly (readonly Descriptor[])[]): Descriptor[] {
    const nearest = views.flatMap((view) => nearestStores(this.env.crypto, target, view, REPLICAS));
    return [...new Map(nearest.map((one) => [one.id, one])).values()];
  }

  /**
   * Asks the holders of one position of a key for what they hold; when none has it, those that were named besides. Hostile ones can
   * keep silent and name places they do not own, and no more. At home no route is needed where half of the nearest have it.
   * @param soon until half of them have said it.
   */
  async fetch(key: Uint8Array, position: 0 | 1, soon: boolean): Promise<Fetched[]> {
    const target = valuePosition(this.env.crypto, key, position);
    const asked = new Set<PeerId>([this.table.self]);
    const askAll = (wanted: readonly Descriptor[]): Promise<Fetched[]> => {
      const peers = wanted.filter(({ id }) => !asked.has(id)).slice(0, FETCH_ROUND_PEERS + REPLICAS);
      for (const { id } of peers) asked.add(id);
      const asking = peers.map((holder) => this.#fetchFrom(holder, key, position, prefixesOf(wanted)));
      return gather(this.env, asking, { isUseful: hasValues, graceMs: GRACE_MS, isEnough: (all) => soon && isFound(all) });
    };
    const fetched: Fetched[] = this.#isAtHome(target) ? await askAll(this.nearestKnown(target)) : [];
    if (isFound(fetched)) return fetched;
    const views = await this.views(target);
    let wanted = this.nearestOfEach(target, views);
    for (let round = 0; round < FETCH_ROUNDS; round++) {
      fetched.push(...(await askAll(wanted)));
      if (fetched.some(hasValues)) break;
      const rest = views.flat().filter(({ id }) => !asked.has(id));
      const named = this.nearestOfEach(
        target,
        fetched.map(({ nearer }) => nearer),
      );
      wanted = nearestStores(this.env.crypto, target, [...named, ...rest], FETCH_ROUND_PEERS);
    }
    return fetched;
  }

  async #fetchFrom(holder: Descriptor, key: Uint8Array, position: 0 | 1, known: readonly Uint8Array[]): Promise<Fetched | undefined> {
    const answer = await this.askPeer(holder.id, { type: 'fetch', position, key, known }, FETCH_TIMEOUT_MS);
    if (answer?.type !== 'values') return undefined;
    return { holder, values: verifyValues(this.env, key, answer.values), nearer: this.verifyNodes(answer.nodes) };
  }
}

function hasValues({ values }: Fetched): boolean {
  return values.length > 0;
}

/** Half of those that are to hold a value have said it. */
export function isFound(fetched: readonly Fetched[]): boolean {
  return fetched.filter(hasValues).length >= REPLICAS_ENOUGH;
}

/** Those of the bytes that are values of `key`; the rest is somebody's lie or has expired. */
export function verifyValues(env: Env, key: Uint8Array, values: readonly Uint8Array[]): DhtValue[] {
  return values.flatMap((bytes) => {
    try {
      const value = verifyValue(env.crypto, bytes, env.now());
      return hex(value.key) === hex(key) ? [value] : [];
    } catch {
      return [];
    }
  });
}
