import { equal, hex } from '../../../src/core/bytes/bytes.ts';
import { GlobalNetError } from '../../../src/core/bytes/errors.ts';
import type { PeerId } from '../../../src/core/bytes/brand.ts';
import { peerIdOf } from '../../../src/core/crypto/identity.ts';
import { nobleCrypto } from '../../../src/core/crypto/noble.ts';
import { sample } from '../../../src/core/env.ts';
import type { LastHop, OpenedCircuit, Pipe, PipeHandler } from '../../../src/core/ports.ts';
import { RendezvousPoint, type FoundRecord, type ServiceDeps } from '../../../src/core/service/index.ts';
import type { BuilderChannels, Channels, ChannelsHandler } from '../../../src/core/service/ports.ts';
import { PAYLOAD_BYTES } from '../../../src/core/wire/geometry.ts';
import { encodeMessage, readMessages } from '../../../src/core/wire/message.ts';
import { CLOSE, type CloseReason } from '../../../src/core/wire/registry.ts';
import { testEnv, type TestEnv } from '../../support/test-env.ts';

const DELAY_MS = 50;

/** What a bad point does to a payload that passes: any number of payloads go on instead. `to` is whom it is for. */
export type Tamper = (payload: Uint8Array, to: 'builder' | 'point', number: number) => Uint8Array[];

/** One end of a channel: a pipe with a window of `windowPayloads`. */
class FakePipe implements Pipe {
  readonly payloadBytes = PAYLOAD_BYTES;
  readonly roundTripMs = undefined;
  other!: FakePipe;
  inFlight = 0;
  closed = false;
  #handler: PipeHandler | undefined;
  #waiting: Uint8Array[] = [];

  constructor(
    readonly env: TestEnv,
    readonly windowPayloads: number,
    readonly pass: (payload: Uint8Array) => Uint8Array[],
  ) {}

  get handler(): PipeHandler | undefined {
    return this.#handler;
  }

  set handler(handler: PipeHandler | undefined) {
    this.#handler = handler;
    if (handler !== undefined) for (const payload of this.#waiting.splice(0)) handler.onPayload(payload);
  }

  get ready(): boolean {
    return !this.closed && this.inFlight < this.windowPayloads;
  }

  send(payload: Uint8Array): void {
    if (payload.length !== PAYLOAD_BYTES) throw new RangeError(`${payload.length} bytes`);
    if (!this.ready) throw new RangeError('sent without room');
    this.inFlight++;
    for (const passed of this.pass(payload)) this.env.schedule(DELAY_MS, () => this.other.arrive(passed));
  }

  arrive(payload: Uint8Array): void {
    if (this.closed) return;
    if (this.#handler === undefined) this.#waiting.push(payload);
    else this.#handler.onPayload(payload);
  }

  consumed(count: number): void {
    this.env.schedule(DELAY_MS, () => {
      const was = this.other.ready;
      this.other.inFlight -= count;
      if (this.other.inFlight < 0) throw new RangeError('more used up than sent');
      if (!was && this.other.ready) this.other.handler?.onReady();
    });
  }

  close(reason: CloseReason): void {
    if (this.closed) return;
    this.closed = true;
    this.env.schedule(DELAY_MS, () => this.other.end(reason));
  }

  end(reason: CloseReason): void {
    if (this.closed) return;
    this.closed = true;
    this.#handler?.onClose(reason);
  }
}

class FakeChannels implements BuilderChannels {
  other!: FakeChannels;
  handler: ChannelsHandler | undefined;
  readonly pipes = new Map<number, FakePipe>();
  closed = false;
  /** Types of those that were sent. */
  readonly messages: number[] = [];

  constructor(
    readonly network: FakeNetwork,
    readonly side: 'builder' | 'point',
  ) {}

  get canOpen(): boolean {
    return !this.closed;
  }

  isSilent(): boolean {
    return this.network.silent.has(this);
  }

  sendMessage(type: number, content: Uint8Array): void {
    this.messages.push(type);
    const copy = content.slice();
    this.network.env.schedule(DELAY_MS, () => {
      if (!this.other.closed) this.other.handler?.onMessage(type, copy);
    });
  }

  channel(number: number): Pipe {
    const known = this.pipes.get(number);
    if (known !== undefined) return known;
    const { env, windowPayloads } = this.network;
    const make = (to: 'builder' | 'point'): FakePipe => {
      let passed = 0;
      return new FakePipe(env, windowPayloads, (payload) => this.network.tamper(payload, to, passed++));
    };
    const ours = make(this.other.side);
    const theirs = make(this.side);
    ours.other = theirs;
    theirs.other = ours;
    this.pipes.set(number, ours);
    this.other.pipes.set(number, theirs);
    return ours;
  }

  start(messages: Uint8Array): void {
    for (const { type, content } of readMessages(messages)) this.handler?.onMessage(type, content);
  }

  close(reason: CloseReason): void {
    this.end(reason);
    this.network.env.schedule(DELAY_MS, () => this.other.end(reason));
  }

  end(reason: CloseReason): void {
    if (this.closed) return;
    this.closed = true;
    for (const pipe of this.pipes.values()) pipe.end(reason);
    this.handler?.onClose(reason);
  }
}

interface FakePoint {
  readonly peer: PeerId;
  readonly point: RendezvousPoint;
  readonly circuits: Set<FakeChannels>;
  alive: boolean;
}

/** Rendezvous points, circuits to them that take one flight, and a DHT; nothing in between but time. */
export class FakeNetwork {
  readonly env: TestEnv;
  readonly points: FakePoint[];
  readonly values = new Map<string, Map<number, FoundRecord>>();
  readonly published: { key: string; payload: Uint8Array; serial: number; slot: number; expiresAtMs: number; atMs: number }[] = [];
  readonly opened: { last: PeerId; early: Uint8Array; isolation: string }[] = [];
  /** What visitors have looked up. */
  readonly finds: string[] = [];
  windowPayloads = 16;
  /** Ends of circuits on which nothing comes, though something waits to be acked. */
  readonly silent = new Set<FakeChannels>();
  tamper: Tamper = (payload) => [payload];
  /** Each point's descriptor is another one when this is another number. */
  descriptorsOf = 0;
  /** How many peers take a value. */
  holders = 16;
  /** What who wants it soon is told. */
  oldest: FoundRecord[] | undefined;
  /** Of `finds`, whether an older record would have done. */
  readonly findsSoon: boolean[] = [];
  readonly #ends = new Map<string, FakeChannels>();

  constructor(env: TestEnv = testEnv(), points = 6) {
    this.env = env;
    this.points = Array.from({ length: points }, (_, i) => ({
      peer: peerIdOf(new Uint8Array(32).fill(i + 1)),
      point: new RendezvousPoint(env),
      circuits: new Set<FakeChannels>(),
      alive: true,
    }));
  }

  at(peer: PeerId): FakePoint {
    return this.points.find((point) => point.peer === peer) as FakePoint;
  }

  /** A point goes away: its circuits end, new ones fail. */
  kill(peer: PeerId): void {
    const point = this.at(peer);
    point.alive = false;
    for (const circuit of [...point.circuits]) circuit.close(CLOSE.linkLost);
  }

  /** A circuit with a point, as its last hop sees it. */
  circuit(point: FakePoint): { builder: FakeChannels; last: FakeChannels } {
    const builder = new FakeChannels(this, 'builder');
    const last = new FakeChannels(this, 'point');
    builder.other = last;
    last.other = builder;
    last.handler = {
      onMessage: (type, content) => void point.point.onMessage(last, type, content, (t, c) => last.sendMessage(t, c)),
      onClose: () => {
        point.circuits.delete(last);
        point.point.onClose(last);
      },
    };
    point.circuits.add(last);
    return { builder, last };
  }

  async openTo({ peer }: LastHop, early: Uint8Array, isolation: string, signal?: AbortSignal): Promise<OpenedCircuit> {
    this.opened.push({ last: peer, early, isolation });
    await this.#flight();
    const point = this.at(peer);
    if (!point.alive) throw new GlobalNetError('unreachable', 'no path');
    const { builder, last } = this.circuit(point);
    const replies: Uint8Array[] = [];
    for (const { type, content } of readMessages(early))
      point.point.onMessage(last, type, content, (t, c) => replies.push(encodeMessage(t, c)));
    await this.#flight();
    signal?.throwIfAborted();
    const end = {
      name: `circuit ${this.#ends.size}`,
      isBuilder: true,
      queuedCells: 0,
      handler: undefined,
      send: () => undefined,
      close: (reason: CloseReason) => builder.close(reason),
    };
    this.#ends.set(end.name, builder);
    return { end, reply: Uint8Array.from(replies.flatMap((reply) => [...reply])), hops: [peer] };
  }

  #flight(): Promise<void> {
    return new Promise((resolve) => void this.env.schedule(DELAY_MS, resolve));
  }

  /** What a service or a visitor gets; `env` may be its own, on the same clock. */
  deps(env: TestEnv = this.env, isHost = false): ServiceDeps {
    return {
      env,
      circuits: { openTo: (last, early, isolation, signal) => this.openTo(last, early, isolation, signal) },
      openChannels: (end, handler) => {
        const channels = this.#ends.get(end.name) as FakeChannels;
        channels.handler = handler;
        return channels;
      },
      points: {
        choose: async (count, exclude) => {
          const free = this.points.filter(({ peer, alive }) => alive && !exclude.includes(peer));
          return sample(env, free, count).map(({ peer }) => ({ peer, descriptorHash: this.hashOf(peer) }));
        },
        descriptorHash: (peer) => this.hashOf(peer),
        learn: async ({ peer, descriptorHash }) => {
          if (!equal(descriptorHash, this.hashOf(peer))) throw new GlobalNetError('unverified', 'another descriptor');
        },
      },
      invitationTo: async () => undefined,
      records: {
        publish: async ({ blindedKey, sign, slot, serial, expiresAtMs, payload }) => {
          const message = Uint8Array.of(1, 2, 3);
          if (!nobleCrypto.ed25519Verify(blindedKey, message, sign(message))) throw new RangeError('the signer is not the writer');
          const key = hex(blindedKey);
          this.published.push({ key, payload, serial, slot, expiresAtMs, atMs: env.now() });
          const slots = this.values.get(key) ?? new Map<number, FoundRecord>();
          if ((slots.get(slot)?.serial ?? 0) > serial) return 0;
          if (this.holders > 0) this.values.set(key, slots.set(slot, { payload, serial, slot }));
          return this.holders;
        },
        find: async (blindedKey, { soon = false } = {}) => {
          if (!isHost) this.finds.push(hex(blindedKey));
          if (!isHost) this.findsSoon.push(soon);
          await this.#flight();
          if (soon && this.oldest !== undefined) return this.oldest;
          return [...(this.values.get(hex(blindedKey))?.values() ?? [])];
        },
      },
    };
  }

  hashOf(peer: PeerId): Uint8Array {
    return nobleCrypto.sha256(new TextEncoder().encode(`${peer} ${this.descriptorsOf}`));
  }
}

export type { Channels, FakeChannels, FakePoint };
