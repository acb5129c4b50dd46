import { nodeCrypto } from '../../src/adapters/node-crypto.ts';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import type { PeerId } from '../../src/core/bytes/brand.ts';
import { CircuitBuilder } from '../../src/core/circuit/circuit-builder.ts';
import type { BuilderCircuit } from '../../src/core/circuit/builder-circuit.ts';
import { inlineSetupCrypto } from '../../src/core/circuit/setup-crypto.ts';
import type { HopKeys } from '../../src/core/circuit/types.ts';
import type { CircuitEnd, CircuitEndHandler, Link, LinkHandler } from '../../src/core/ports.ts';
import { Relay } from '../../src/core/relay/relay.ts';
import type { RelayLimits } from '../../src/core/relay/types.ts';
import type { OnionKeyring } from '../../src/core/relay/onion-keyring.ts';
import { CELL_BODY_BYTES, CHANNEL_BYTES } from '../../src/core/wire/geometry.ts';
import type { CloseReason } from '../../src/core/wire/registry.ts';
import { testHop } from './circuit-hops.ts';
import { type FakeLink, FakeWire, linkPair } from './fake-link.ts';
import { type TestEnv, testEnv } from './test-env.ts';

/** Keeps what a circuit's end is told. */
export class EndLog implements CircuitEndHandler {
  readonly bodies: Uint8Array[] = [];
  drains = 0;
  closed: CloseReason | undefined;

  onBody(body: Uint8Array): void {
    this.bodies.push(body);
  }
  onDrain(): void {
    this.drains++;
  }
  onClose(reason: CloseReason): void {
    if (this.closed !== undefined) throw new Error('closed twice');
    this.closed = reason;
  }
}

export interface Arrived {
  readonly end: CircuitEnd;
  readonly log: EndLog;
  readonly early: Uint8Array;
  answer(data: Uint8Array): void;
}

/** A relay and builder with no more around them than links in memory. */
export class TestPeer implements LinkHandler {
  readonly links = new Map<PeerId, FakeLink>();
  readonly arrived: Arrived[] = [];
  readonly builder: CircuitBuilder;
  relay: Relay;
  /** What the last hop answers by itself; undefined: the test does it. */
  autoAnswer: Uint8Array | undefined = new Uint8Array(0);
  dials = 0;
  canDial = false;

  constructor(
    readonly net: CircuitNet,
    readonly peer: PeerId,
    readonly keyring: OnionKeyring,
    readonly hop: HopKeys,
    limits: Partial<RelayLimits>,
  ) {
    this.builder = new CircuitBuilder(net.env, inlineSetupCrypto(net.env));
    this.relay = this.newRelay(keyring, limits);
  }

  newRelay(onionKeys: OnionKeyring, limits: Partial<RelayLimits> = {}): Relay {
    return new Relay({
      env: this.net.env,
      self: this.peer,
      onionKeys,
      limits,
      linkTo: (peer) => this.links.get(peer),
      dial: async (peer) => {
        this.dials++;
        const other = this.net.peers.find((each) => each.peer === peer);
        return this.canDial && other !== undefined ? this.net.link(this, other)[0] : undefined;
      },
      onLastHop: (end, early, answer) => {
        const log = new EndLog();
        end.handler = log;
        this.arrived.push({ end, log, early, answer });
        if (this.autoAnswer !== undefined) answer(this.autoAnswer);
      },
    });
  }

  onFrame(link: Link, frame: Uint8Array): void {
    if (!this.builder.onFrame(link, frame)) this.relay.onFrame(link, frame);
  }

  onDescriptor(): void {}

  onWithdrawal(): void {}

  onClose(link: Link): void {
    this.links.delete(link.peer);
    this.builder.onLinkClose(link);
    this.relay.onLinkClose(link);
  }

  to(other: TestPeer): FakeLink {
    const link = this.links.get(other.peer);
    if (link === undefined) throw new Error('no such link');
    return link;
  }
}

/** Peers in a row, each linked to the next; the first builds. */
export class CircuitNet {
  readonly wire = new FakeWire();
  readonly env: TestEnv;
  readonly peers: TestPeer[] = [];

  constructor(seed: string, count: number, options: { limits?: Partial<RelayLimits>; effort?: number } = {}) {
    this.env = testEnv({ seed, crypto: nodeCrypto }); // held to @noble elsewhere, and these tests are many
    for (let i = 0; i < count; i++) {
      const { peer, keyring, hop } = testHop(this.env, options.effort);
      this.peers.push(new TestPeer(this, peer, keyring, hop, options.limits ?? {}));
    }
    for (let i = 0; i + 1 < count; i++) this.link(this.at(i), this.at(i + 1));
  }

  at(index: number): TestPeer {
    const peer = this.peers.at(index);
    if (peer === undefined) throw new Error(`no peer ${index}`);
    return peer;
  }

  link(a: TestPeer, b: TestPeer): [FakeLink, FakeLink] {
    const [atA, atB] = linkPair(this.wire, a.peer, b.peer);
    atA.handler = a;
    atB.handler = b;
    a.links.set(b.peer, atA);
    b.links.set(a.peer, atB);
    return [atA, atB];
  }

  /** A path along the row, from peer 1 on. */
  path(hops: number): HopKeys[] {
    return this.peers.slice(1, 1 + hops).map(({ hop }) => hop);
  }

  /** Starts to open; what becomes of it stands in the answer once the wire has settled. */
  opening(hops: number, early: Uint8Array = new Uint8Array(0), signal?: AbortSignal): Outcome {
    const outcome: Outcome = { value: undefined, error: undefined };
    this.at(0)
      .builder.open(this.at(0).to(this.at(1)), this.path(hops), early, signal)
      .then(
        (value) => void (outcome.value = value),
        (error: unknown) => void (outcome.error = error as Error),
      );
    return outcome;
  }

  async open(hops: number, early?: Uint8Array): Promise<{ circuit: BuilderCircuit; reply: Uint8Array; log: EndLog; far: Arrived }> {
    const outcome = this.opening(hops, early);
    await this.wire.settle();
    if (outcome.value === undefined) throw outcome.error ?? new Error('no answer');
    const log = new EndLog();
    outcome.value.circuit.handler = log;
    return { ...outcome.value, log, far: this.at(hops).arrived.at(-1) as Arrived };
  }

  /** A body of a rendezvous channel, which no circuit looks into. */
  body(channel = 1): Uint8Array {
    const body = this.env.random(CELL_BODY_BYTES);
    new DataView(body.buffer).setUint32(0, channel);
    return body.fill(channel === 0 ? 0 : 7, CHANNEL_BYTES, CHANNEL_BYTES + 1);
  }
}

export interface Outcome {
  value: { circuit: BuilderCircuit; reply: Uint8Array } | undefined;
  error: Error | undefined;
}

/** What a caller may branch on, of how it failed. */
export function kindOf({ error }: Outcome): string | undefined {
  return error instanceof GlobalNetError ? error.kind : error?.name;
}
