import type { PeerId } from '../../src/core/bytes/index.ts';
import { identityFromSeed, newIdentity, peerIdOf, type Identity } from '../../src/core/crypto/identity.ts';
import type { Env } from '../../src/core/env.ts';
import { Links, type PeerLink, TRANSPORT_HOLD_BYTES } from '../../src/core/link/index.ts';
import type { Transport, TransportHandler } from '../../src/core/ports.ts';
import { frameCircuitId, newFrame } from '../../src/core/wire/frame.ts';
import { WITHDRAWAL_BYTES } from '../../src/core/wire/geometry.ts';
import { encodeHandshake } from '../../src/core/wire/link.ts';
import { FRAME, HANDSHAKE, LINK_CLOSE, PROTOCOL_VERSION, type LinkCloseCode } from '../../src/core/wire/registry.ts';

/**
 * What every transport must be able to do under a link. No test runner and no platform in here: the same cases run in Node
 * and in a page. Each adapter's test hands in a `LinkSetup` of a few lines.
 */
export interface LinkSetup {
  readonly env: Env;
  /** Two joined transports, the dialler's first. */
  pair(): Promise<[Transport, Transport]>;
  /** Lets a little time pass. */
  step(): Promise<void>;
  /** Stops the listener of the last pair from reading, and lets it read again; left out where a transport has no such thing. */
  stall?(stalled: boolean): void;
}

export interface LinkCase {
  readonly name: string;
  run(setup: LinkSetup): Promise<void>;
}

export function check(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`not so: ${what}`);
}

export function same(actual: unknown, wanted: unknown, what: string): void {
  check(actual === wanted, `${what}: wanted ${String(wanted)}, came ${String(actual)}`);
}

/** Waits for `condition`; fails after a time that no working transport needs. */
export async function until(setup: Pick<LinkSetup, 'step'>, condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 30_000; i++) {
    if (condition()) return;
    await setup.step();
  }
  throw new Error(`waited in vain: ${what}`);
}

/** One end: its links, and all that they told. */
export class TestEnd {
  readonly identity: Identity;
  readonly peer: PeerId;
  readonly links: Links;
  readonly frames: Uint8Array[] = [];
  readonly descriptors: Uint8Array[] = [];
  readonly closes: LinkCloseCode[] = [];
  readonly opened: PeerLink[] = [];
  readonly withdrawals: Uint8Array[] = [];
  onFrame: ((frame: Uint8Array) => void) | undefined;

  constructor(env: Env, seed?: number, maxLinks = 10) {
    this.identity = seed === undefined ? newIdentity(env) : identityFromSeed(env.crypto, new Uint8Array(32).fill(seed));
    this.peer = peerIdOf(this.identity.publicKey);
    this.links = new Links(env, {
      identity: this.identity,
      dialers: [],
      maxLinks,
      handler: {
        onLink: (link) => void this.opened.push(link as PeerLink),
        onFrame: (_link, frame) => {
          this.frames.push(frame);
          this.onFrame?.(frame);
        },
        onWithdrawal: (_link, request) => void this.withdrawals.push(request),
        onDescriptor: (_link, descriptor) => void this.descriptors.push(descriptor),
        onClose: (_link, code) => void this.closes.push(code),
      },
    });
  }

  get link(): PeerLink {
    const link = this.opened.at(-1);
    check(link, 'a link stands');
    return link;
  }
}

export interface TestLink {
  readonly a: TestEnd;
  readonly b: TestEnd;
  readonly transports: [Transport, Transport];
}

/** Two peers with a link; `a` dialled. */
export async function linked(setup: LinkSetup, a = new TestEnd(setup.env), b = new TestEnd(setup.env)): Promise<TestLink> {
  const transports = await setup.pair();
  const [before, beforeB] = [a.opened.length, b.opened.length];
  b.links.adopt(transports[1]);
  a.links.adopt(transports[0], b.peer);
  await until(setup, () => a.opened.length > before && b.opened.length > beforeB, 'both ends open');
  return { a, b, transports };
}

/** A frame whose content can be checked: its number, and bytes that follow from it. */
export function numbered(circuitId: number, number: number, type: number = FRAME.cell): Uint8Array {
  const frame = newFrame(circuitId, type);
  const view = new DataView(frame.buffer);
  view.setUint32(5, number);
  for (let i = 9; i < frame.length; i++) frame[i] = (number * 31 + i * 7) & 0xff;
  return frame;
}

export function numberOf(frame: Uint8Array): number {
  return new DataView(frame.buffer, frame.byteOffset).getUint32(5);
}

export function intact(frame: Uint8Array): boolean {
  const number = numberOf(frame);
  for (let i = 9; i < frame.length; i++) if (frame[i] !== ((number * 31 + i * 7) & 0xff)) return false;
  return true;
}

function raw(transport: Transport): { messages: Uint8Array[]; closed: boolean; handler: TransportHandler } {
  const seen = { messages: [] as Uint8Array[], closed: false, handler: undefined as unknown as TransportHandler };
  seen.handler = {
    onMessage: (message) => void seen.messages.push(message),
    onDrain: () => {},
    onClose: () => {
      seen.closed = true;
    },
  };
  transport.handler = seen.handler;
  return seen;
}

export const linkCases: readonly LinkCase[] = [
  {
    name: 'each end learns the peer id of the other',
    async run(setup) {
      const { a, b } = await linked(setup);
      same(a.link.peer, b.peer, 'whom a sees');
      same(b.link.peer, a.peer, 'whom b sees');
      same(a.link.dialled, true, 'a dialled');
      same(b.link.dialled, false, 'b dialled');
      check(Math.abs(a.link.clockOffsetMs) < 60_000, 'one clock');
    },
  },
  {
    name: 'frames of both lengths arrive whole and in order, both ways at once',
    async run(setup) {
      const { a, b } = await linked(setup);
      for (let i = 0; i < 40; i++) {
        a.link.sendFrame(numbered(0x8000_0001, i, i === 0 ? FRAME.setup : FRAME.cell), 'own');
        b.link.sendFrame(numbered(0x8000_0001, i, i === 0 ? FRAME.reply : FRAME.cell), 'relayed');
      }
      await until(setup, () => a.frames.length === 40 && b.frames.length === 40, '40 frames each way');
      for (const frames of [a.frames, b.frames])
        frames.forEach((frame, i) => {
          same(numberOf(frame), i, 'order');
          check(intact(frame), `frame ${i} is whole`);
        });
    },
  },
  {
    name: 'a burst of 8 MB waits in the queue, not in the transport',
    async run(setup) {
      const { a, b, transports } = await linked(setup);
      let most = 0;
      const watch = (): void => {
        most = Math.max(most, transports[0].bufferedBytes);
      };
      b.onFrame = watch;
      for (let i = 0; i < 2000; i++) {
        a.link.sendFrame(numbered(0x8000_0001 + (i % 4), Math.floor(i / 4)), 'own');
        watch();
      }
      const all = (): boolean => {
        watch();
        return b.frames.length === 2000;
      };
      await until(setup, all, 'all frames');
      check(most <= TRANSPORT_HOLD_BYTES[transports[0].kind], `at most the hold waits in the transport, not ${most}`);
      const next = new Map<number, number>();
      for (const frame of b.frames) {
        const id = frameCircuitId(frame);
        same(numberOf(frame), next.get(id) ?? 0, 'order within a circuit');
        check(intact(frame), 'a frame is whole');
        next.set(id, numberOf(frame) + 1);
      }
    },
  },
  {
    name: 'a reader that stalls leaves the rest in the queue, and gets it when it reads on',
    async run(setup) {
      if (setup.stall === undefined) return;
      const { a, b, transports } = await linked(setup);
      setup.stall(true);
      // More than the kernel's buffers of both ends hold.
      for (let i = 0; i < 5000; i++) a.link.sendFrame(numbered(0x8000_0001, i), 'own');
      let [still, queued] = [0, -1];
      while (still < 20) {
        await setup.step();
        still = a.link.queuedFrames(0x8000_0001) === queued ? still + 1 : 0;
        queued = a.link.queuedFrames(0x8000_0001);
      }
      check(queued > 0, 'frames wait in the queue');
      check(transports[0].bufferedBytes <= TRANSPORT_HOLD_BYTES[transports[0].kind], 'the transport holds no more than it may');
      let called = 0;
      a.link.whenQueueBelow(0x8000_0001, 100, () => called++);
      setup.stall(false);
      await until(setup, () => b.frames.length === 5000, 'the rest');
      same(called, 1, 'calls when the queue was short');
      b.frames.forEach((frame, i) => void same(numberOf(frame), i, 'order'));
    },
  },
  {
    name: 'a page load passes a bulk circuit',
    async run(setup) {
      const { a, b } = await linked(setup);
      for (let i = 0; i < 1000; i++) a.link.sendFrame(numbered(0x8000_0001, i), 'own');
      a.link.sendFrame(numbered(0x8000_0002, 7, FRAME.setup), 'own');
      await until(setup, () => b.frames.length === 1001, 'all frames');
      const at = b.frames.findIndex((frame) => frameCircuitId(frame) === 0x8000_0002);
      check(at < 900, `the newcomer is not behind all of the bulk (it came ${at}th)`);
    },
  },
  {
    name: 'a circuit that is destroyed leaves nothing in the queue',
    async run(setup) {
      const { a, b } = await linked(setup);
      for (let i = 0; i < 100; i++) a.link.sendFrame(numbered(0x8000_0001, i), 'own');
      a.link.sendFrame(newFrame(0x8000_0001, FRAME.destroy), 'own');
      same(a.link.queuedFrames(0x8000_0001), 0, 'queued frames');
      a.link.sendFrame(numbered(0x8000_0002, 5), 'own');
      await until(setup, () => b.frames.length === 2, 'the destroy and the other circuit');
      same(b.frames[0]?.[4], FRAME.destroy, 'the first frame');
    },
  },
  {
    name: 'descriptors of one byte and of 4,096 arrive whole',
    async run(setup) {
      const { a, b } = await linked(setup);
      const large = Uint8Array.from({ length: 4096 }, (_, i) => (i * 13) & 0xff);
      a.link.sendDescriptor(Uint8Array.of(9));
      a.link.sendDescriptor(large);
      await until(setup, () => b.descriptors.length === 2, 'two descriptors');
      same(b.descriptors[0]?.length, 1, 'the small one');
      check(
        b.descriptors[1]?.every((byte, i) => byte === large[i]),
        'the large one is whole',
      );
    },
  },
  {
    name: 'a withdrawal and the code of a goodbye reach the other end, and nothing comes after them',
    async run(setup) {
      const { a, b } = await linked(setup);
      a.link.sendWithdrawal(new Uint8Array(WITHDRAWAL_BYTES).fill(7));
      a.link.close(LINK_CLOSE.idle);
      a.link.close(LINK_CLOSE.done);
      a.link.sendFrame(numbered(0x8000_0001, 1), 'own');
      await until(setup, () => b.closes.length > 0, 'b hears of it');
      same(a.closes.join(), `${LINK_CLOSE.idle}`, 'closes of a');
      same(b.closes.join(), `${LINK_CLOSE.idle}`, 'closes of b');
      same(
        b.withdrawals.map((request) => `${request.length} ${request[0]}`).join(),
        `${WITHDRAWAL_BYTES} 7`,
        'withdrawals that b heard of',
      );
      same(b.frames.length, 0, 'frames after the goodbye');
      same(a.links.count + b.links.count, 0, 'links that stand');
    },
  },
  {
    name: 'a transport that goes away closes the link at both ends',
    async run(setup) {
      const { a, b, transports } = await linked(setup);
      transports[1].close();
      await until(setup, () => a.closes.length > 0 && b.closes.length > 0, 'both hear of it');
      same(a.closes.join(), `${LINK_CLOSE.transport}`, 'closes of a');
    },
  },
  {
    name: 'bytes that are no frames close the link with a breach and disturb no other',
    async run(setup) {
      const { a, b, transports } = await linked(setup);
      const other = await linked(setup, new TestEnd(setup.env), b);
      transports[0].send(Uint8Array.of(1, 2, 3));
      await until(setup, () => b.closes.length > 0 && a.closes.length > 0, 'the link closes');
      same(b.closes.join(), `${LINK_CLOSE.breach}`, 'closes of b');
      other.a.link.sendFrame(numbered(0x8000_0001, 3), 'own');
      await until(setup, () => b.frames.length === 1, 'the other link carries on');
    },
  },
  {
    name: 'a frame in pieces of one byte is a breach',
    async run(setup) {
      const { b, transports } = await linked(setup);
      for (const byte of numbered(0x8000_0001, 1).subarray(0, 20)) transports[0].send(Uint8Array.of(byte));
      await until(setup, () => b.closes.length > 0, 'the link closes');
      same(b.closes.join(), `${LINK_CLOSE.breach}`, 'closes of b');
      same(b.frames.length, 0, 'frames');
    },
  },
  {
    name: 'another peer than the expected one is refused, and never learns who asked',
    async run(setup) {
      const [a, b, wanted] = [new TestEnd(setup.env), new TestEnd(setup.env), new TestEnd(setup.env)];
      const [dialler, listener] = await setup.pair();
      b.links.adopt(listener);
      a.links.adopt(dialler, wanted.peer);
      // The dialler hangs up: its links take another pair, over which nobody has linked before.
      const next = await linked(setup, new TestEnd(setup.env), b);
      same(a.opened.length, 0, 'links of the dialler');
      same(b.opened.length, 1, 'links of the listener');
      same(next.b.link.peer, next.a.peer, 'whom the listener knows');
    },
  },
  {
    name: 'a peer of another version is told ours and closed',
    async run(setup) {
      const b = new TestEnd(setup.env);
      const [dialler, listener] = await setup.pair();
      b.links.adopt(listener);
      const seen = raw(dialler);
      const hello = encodeHandshake(HANDSHAKE.hello, PROTOCOL_VERSION + 1, new Uint8Array(99));
      dialler.send(hello);
      await until(setup, () => seen.closed, 'the transport closes');
      const [answer] = seen.messages;
      same(answer?.join(), [HANDSHAKE.answer, 0, PROTOCOL_VERSION].join(), 'the answer');
      same(b.opened.length, 0, 'links');
    },
  },
  {
    name: 'bytes that are no handshake close the transport and nothing else',
    async run(setup) {
      const b = new TestEnd(setup.env);
      for (const message of [new Uint8Array(1), new Uint8Array(35), new Uint8Array(3000).fill(1)]) {
        const [dialler, listener] = await setup.pair();
        b.links.adopt(listener);
        const seen = raw(dialler);
        dialler.send(message);
        await until(setup, () => seen.closed, 'the transport closes');
      }
      await linked(setup, new TestEnd(setup.env), b);
      same(b.opened.length, 1, 'links');
    },
  },
];
