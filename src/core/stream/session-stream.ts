import { GlobalNetError } from '../bytes/errors.ts';
import type { EndReason, StreamKind } from '../wire/registry.ts';
import { END } from '../wire/registry.ts';
import type { GrowthBudget } from './growth.ts';
import { ReceiveSide } from './receive-side.ts';
import { SendSide } from './send-side.ts';
import { type SessionStream, StreamReset, type StreamStats } from './types.ts';
import { Bell } from './bell.ts';

/** What a stream asks of its session. */
export interface StreamOwner {
  now(): number;
  readonly growth: GrowthBudget;
  /** Bytes kept until they are acknowledged, of all streams. */
  readonly kept: { bytes: number };
  /** Bytes that wait to be sent, of all streams and perhaps of other sessions. */
  readonly unsent: { bytes: number };
  /** There may be something to send. */
  onWork(stream: StreamState): void;
  /** Received bytes were read: credit may be due. */
  onRead(stream: StreamState): void;
  onAccepted(stream: StreamState): void;
  /** This end has reset it. */
  onReset(stream: StreamState, reason: EndReason): void;
}

export interface StreamHead {
  readonly id: number;
  readonly kind: StreamKind;
  readonly request: Uint8Array;
  /** This end opened it. */
  readonly ours: boolean;
  /** Bytes the other side takes at first. */
  readonly sendLimit: number;
}

const REASON_NAME = new Map<number, string>(Object.entries(END).map(([name, reason]) => [reason, name]));

/** One stream of a session: two directions and what the session notes about it. */
export class StreamState implements SessionStream {
  readonly id: number;
  readonly kind: StreamKind;
  readonly request: Uint8Array;
  readonly ours: boolean;
  readonly send: SendSide;
  readonly receive: ReceiveSide;
  readonly openedAtMs: number;
  readonly #owner: StreamOwner;
  readonly #changed = new Bell();
  #connected: boolean;
  #failure: EndReason | undefined;
  /** Acceptor: it has said so, and says it again on a new path. */
  accepted = false;
  /** The other side has shown that it knows this stream. */
  known: boolean;
  /** Its open message is on its way on this path, or was never needed. */
  openSent: boolean;
  /** It stands in the session's turns. */
  queued = false;
  /** The other side ended when it had an answer, or some of it: not as one who asks, and waits for our end. */
  #endedAnswered = false;

  constructor(owner: StreamOwner, head: StreamHead) {
    this.id = head.id;
    this.kind = head.kind;
    this.request = head.request;
    this.ours = head.ours;
    this.openedAtMs = owner.now();
    this.#owner = owner;
    this.#connected = !head.ours;
    this.known = !head.ours;
    this.openSent = !head.ours;
    this.send = new SendSide(head.sendLimit, owner.kept, owner.unsent);
    this.receive = new ReceiveSide(owner.growth, () => owner.now());
  }

  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      this.#check();
      const bytes = this.receive.take();
      if (bytes !== undefined) {
        this.#owner.onRead(this);
        return bytes;
      }
      if (this.receive.ended) return undefined;
      await this.receive.whenMore();
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#check();
    if (this.send.ended) throw new GlobalNetError('closed', `stream ${this.id} was ended here: nothing can be written behind its end`);
    if (bytes.length > 0) this.send.write(bytes);
    this.#owner.onWork(this);
    while (!this.send.hasRoom) {
      await this.send.whenRoom();
      this.#check();
    }
  }

  end(): void {
    if (this.send.ended || this.#failure !== undefined) return;
    this.send.end();
    this.#owner.onWork(this);
  }

  reset(reason: EndReason): void {
    if (this.#failure !== undefined) return;
    this.fail(reason);
    this.#owner.onReset(this, reason);
  }

  accept(): void {
    if (this.ours || this.accepted || this.#failure !== undefined) return;
    this.accepted = true;
    this.#owner.onAccepted(this);
  }

  get receivedBytes(): number {
    return this.receive.receivedBytes;
  }

  get connected(): Promise<void> {
    return this.#until(() => this.#connected);
  }

  get finished(): Promise<void> {
    return this.#until(() => this.send.finished);
  }

  async #until(met: () => boolean): Promise<void> {
    while (!met()) {
      this.#check();
      await this.#changed.wait();
    }
  }

  // ------------------------------------------------------------ for the session

  get stats(): StreamStats {
    const { id, kind, request, ours, openedAtMs, send, receivedBytes } = this;
    return { id, kind, request, ours, openedAtMs, sentBytes: send.sentBytes, receivedBytes };
  }

  /**
   * What it has to send is its end, and nobody is likely to wait for that: the other side has answered, or has ended behind an answer. So it
   * need not go at once.
   */
  get endCanWait(): boolean {
    return this.send.ended && this.send.sendableBytes === 0 && (this.ours ? this.receivedBytes > 0 : this.#endedAnswered);
  }

  get failed(): boolean {
    return this.#failure !== undefined;
  }

  /** Nothing is left to be said about it, and nothing to be read. */
  get over(): boolean {
    return this.send.finished && this.receive.ended && !this.receive.untold && this.receive.unreadBytes === 0;
  }

  /** The other side has forgotten it: both directions were whole, and only the last word was lost; or it was reset. */
  onForgottenThere(): void {
    if (!this.send.sentWhole || !this.receive.ended) return this.fail(END.cancelled);
    this.send.acknowledgeAll();
    this.#changed.ring();
  }

  /** False when the end is not where the bytes end. */
  onEnd(final: number): boolean {
    if (!this.receive.ended) this.#endedAnswered = this.send.sentBytes > 0;
    return this.receive.onEnd(final);
  }

  onConnected(): void {
    this.#connected = true;
    this.#changed.ring();
  }

  /** False for a lie. */
  onCredit(received: number, limit: number): boolean {
    const honest = this.send.onCredit(received, limit);
    if (this.send.finished) this.#changed.ring();
    return honest;
  }

  /** Both directions are over at once; what waits here throws. */
  fail(reason: EndReason): void {
    if (this.#failure !== undefined) return;
    this.#failure = reason;
    this.send.clear();
    this.receive.clear();
    this.#changed.ring();
  }

  #check(): void {
    if (this.#failure === undefined) return;
    throw new StreamReset(this.id, this.#failure, REASON_NAME.get(this.#failure) ?? `reason ${this.#failure}`);
  }
}
