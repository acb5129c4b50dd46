import type { PeerId } from '../../src/core/bytes/brand.ts';
import type { FrameClass, Link, LinkHandler } from '../../src/core/ports.ts';
import { frameCircuitId, frameLengthBytes, frameType } from '../../src/core/wire/frame.ts';
import { FRAME, LINK_CLOSE, type LinkCloseCode } from '../../src/core/wire/registry.ts';

/** What has been sent and is not delivered yet, of all links of a test, in the order of sending. */
export class FakeWire {
  readonly #waiting: FakeLink[] = [];

  push(link: FakeLink): void {
    this.#waiting.push(link);
  }

  /** Delivers until nothing is under way and nobody has more to say; promises settle in between. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 3; ) {
      const link = this.#waiting.shift();
      if (link === undefined) {
        quiet++;
        await new Promise((resolve) => setImmediate(resolve));
      } else {
        quiet = 0;
        link.deliverOne();
      }
    }
  }
}

export interface SentFrame {
  readonly frame: Uint8Array;
  readonly frameClass: FrameClass;
}

/** One end of a link in memory: the Link port without handshake, encryption or fairness, and with a hand in between. */
export class FakeLink implements Link {
  readonly kind = 'memory';
  readonly openedAt = 0;
  readonly clockOffsetMs = 0;
  sentBytes = 0;
  receivedBytes = 0;
  /** Copies of all that this end has sent. */
  readonly sent: SentFrame[] = [];
  /** Why this end closed the link. */
  closedWith: LinkCloseCode | undefined;
  /** Changes what this end sends, or says what goes in its place. */
  tamper: ((frame: Uint8Array) => Uint8Array[] | undefined) | undefined;
  /** Nothing leaves this end while it is true. */
  stalled = false;
  handler: LinkHandler | undefined;
  other: FakeLink | undefined;
  #queue: { frame: Uint8Array; id: number }[] = [];
  #drains: { id: number; below: number; call: () => void }[] = [];
  #lastId = 0;
  #open = true;

  constructor(
    readonly wire: FakeWire,
    readonly peer: PeerId,
    readonly dialled: boolean,
  ) {}

  sendFrame(frame: Uint8Array, frameClass: FrameClass): void {
    if (frame.length !== frameLengthBytes(frameType(frame)))
      throw new RangeError(`a frame of type ${frameType(frame)} is not ${frame.length} bytes`);
    if (!this.#open) return;
    if (frameType(frame) === FRAME.destroy) this.dropCircuit(frameCircuitId(frame));
    this.sentBytes += frame.length;
    this.sent.push({ frame: frame.slice(), frameClass });
    for (const each of this.tamper?.(frame) ?? [frame]) {
      this.#queue.push({ frame: each, id: frameCircuitId(each) });
      this.wire.push(this);
    }
  }

  deliverOne(): void {
    if (this.stalled) return;
    const next = this.#queue.shift();
    if (next === undefined || this.other === undefined) return;
    this.other.receivedBytes += next.frame.length;
    this.other.handler?.onFrame(this.other, next.frame);
    const due = this.#drains.filter(({ id, below }) => this.queuedFrames(id) < below);
    this.#drains = this.#drains.filter((drain) => !due.includes(drain));
    for (const { call } of due) call();
  }

  unstall(): void {
    this.stalled = false;
    for (const _ of this.#queue) this.wire.push(this);
  }

  queuedFrames(circuitId: number): number {
    return this.#queue.filter(({ id }) => id === circuitId).length;
  }

  whenQueueBelow(id: number, below: number, call: () => void): void {
    this.#drains.push({ id, below, call });
  }

  dropCircuit(circuitId: number): void {
    this.#queue = this.#queue.filter(({ id }) => id !== circuitId);
  }

  newCircuitId(): number {
    this.#lastId++;
    return this.dialled ? (0x80000000 | this.#lastId) >>> 0 : this.#lastId;
  }

  sendDescriptor(_descriptor: Uint8Array): void {
    throw new Error('no test of circuits sends a descriptor');
  }

  sendWithdrawal(_request: Uint8Array): void {
    throw new Error('no test of circuits withdraws a descriptor');
  }

  /** Both ends are told, as a real link does sooner or later. */
  close(code: LinkCloseCode): void {
    this.closedWith = code;
    this.#end(code);
    const { other } = this;
    if (other !== undefined) other.#end(LINK_CLOSE.transport);
  }

  #end(code: LinkCloseCode): void {
    if (!this.#open) return;
    this.#open = false;
    this.#queue = [];
    this.handler?.onClose(this, code);
  }
}

/** @returns the end of `a`, which has dialled, and the end of `b`. */
export function linkPair(wire: FakeWire, a: PeerId, b: PeerId): [FakeLink, FakeLink] {
  const atA = new FakeLink(wire, b, true);
  const atB = new FakeLink(wire, a, false);
  atA.other = atB;
  atB.other = atA;
  return [atA, atB];
}

/** All destroys that this end has sent. */
export function destroysSent(link: FakeLink): Uint8Array[] {
  return link.sent.filter(({ frame }) => frameType(frame) === FRAME.destroy).map(({ frame }) => frame);
}
