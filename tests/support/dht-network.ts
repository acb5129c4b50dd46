import type { PeerId } from '../../src/core/bytes/index.ts';
import { type DhtAccess, DhtNode, ROUTE_HOPS_MAX } from '../../src/core/dht/index.ts';
import { randomBelow, sample, sleep } from '../../src/core/env.ts';
import type { Ask } from '../../src/core/ports.ts';
import { type Descriptor, epochAt } from '../../src/core/wire/descriptor.ts';
import { decodeDhtRequest, type DhtRequest } from '../../src/core/wire/dht.ts';
import { describe, openPeer, rememberingCrypto, type TestPeer } from './peers.ts';
import { testEnv, type TestEnv } from './test-env.ts';

export interface TestStorePeer {
  readonly peer: TestPeer;
  readonly node: DhtNode;
  readonly own: () => Descriptor;
  up: boolean;
  /** In place of the honest answer; undefined: silence. */
  twist: ((request: DhtRequest, honest: () => Promise<Uint8Array>) => Promise<Uint8Array> | undefined) | undefined;
}

/** Store peers in one process: every request takes its way in virtual time, and a dead peer keeps silent. */
export class DhtNetwork {
  readonly env: TestEnv;
  readonly all: TestStorePeer[] = [];
  readonly #byId = new Map<PeerId, TestStorePeer>();
  readonly #crypto = rememberingCrypto();
  requests = 0;
  /** Steps of the longest route since this was set to 0. */
  deepestRoute = 0;

  constructor(readonly seed: string) {
    this.env = testEnv({ seed, crypto: this.#crypto });
  }

  get up(): TestStorePeer[] {
    return this.all.filter(({ up }) => up);
  }

  /** Down a circuit: nobody sees who asks. */
  readonly ask: Ask = (target, _kind, _via, request, maxAnswerBytes) => this.#carry(undefined, target, request, maxAnswerBytes);

  async #carry(from: (() => Descriptor) | undefined, target: PeerId, request: Uint8Array, maxAnswerBytes: number): Promise<Uint8Array> {
    this.requests += 1;
    const asked = decodeDhtRequest(request);
    if (asked.type === 'route') this.deepestRoute = Math.max(this.deepestRoute, ROUTE_HOPS_MAX - asked.hopsLeft + 1);
    await sleep(this.env, 10 + randomBelow(this.env, 40));
    const found = this.#byId.get(target);
    if (found === undefined || !found.up) return new Promise(() => undefined);
    // A link's ends hand each other their descriptors.
    if (from !== undefined) found.node.table.add(from());
    const honest = () => found.node.serve(request);
    const answering = found.twist === undefined ? honest() : found.twist(asked, honest);
    if (answering === undefined) return new Promise(() => undefined);
    const answer = await answering;
    if (answer.length > maxAnswerBytes) throw new Error('the answer is too long');
    await sleep(this.env, 10 + randomBelow(this.env, 40));
    return answer;
  }

  /** A new peer that knows `contacts` others that are up. */
  add(contacts = 20): TestStorePeer {
    const peer = openPeer(this.all.length);
    const env = testEnv({ seed: `${this.seed}/${this.all.length}`, crypto: this.#crypto, clock: this.env.clock });
    let described: Descriptor | undefined;
    const own = () => {
      if (described?.epoch !== epochAt(this.env.now())) described = describe(peer, this.env.now());
      return described as Descriptor;
    };
    const ask: Ask = (target, _kind, _via, request, maxAnswerBytes) => this.#carry(own, target, request, maxAnswerBytes);
    const node = new DhtNode(env, { self: peer.id, own, ask, bagEffortMin: 1 });
    for (const other of sample(this.env, this.up, contacts)) node.table.add(other.own());
    const added = { peer, node, own, up: true, twist: undefined };
    this.all.push(added);
    this.#byId.set(peer.id, added);
    return added;
  }

  /** `count` peers that have looked around. */
  async grow(count: number): Promise<void> {
    for (let i = 0; i < count; i++) this.add();
    for (let round = 0; round < 2; round++) await this.run(Promise.all(this.all.map(({ node }) => node.maintain())));
  }

  /** What links do at an epoch's start: each peer hands its new descriptor to those that know it. */
  turnEpoch(): void {
    for (const { node } of this.up) {
      for (const { id } of node.table.peers()) {
        const other = this.#byId.get(id);
        if (other?.up === true) node.table.add(other.own());
      }
    }
  }

  /** Lets virtual time pass until the promise settles. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const watched = promise.finally(() => void (settled = true));
    watched.catch(() => undefined);
    for (let i = 0; i < 2000 && !settled; i++) await this.env.advance(50);
    return watched;
  }

  client(storePeers: () => readonly Descriptor[] = () => this.up.map(({ own }) => own())): DhtAccess {
    return { env: this.env, storePeers, ask: this.ask };
  }

  byId(id: PeerId): TestStorePeer {
    return this.#byId.get(id) as TestStorePeer;
  }
}
