import { GlobalNetError } from '../bytes/errors.ts';
import type { Env } from '../env.ts';
import { STREAM_FIRST_CREDIT_BYTES, STREAM_REQUEST_MAX_BYTES, STREAMS_MAX } from '../wire/geometry.ts';
import type { Message } from '../wire/message.ts';
import { END, type EndReason, MESSAGE, type StreamKind } from '../wire/registry.ts';
import { encodeStreamConnected, encodeStreamReset } from '../wire/stream.ts';
import {
  OPEN_CREDIT_BYTES,
  OPEN_CREDIT_SHARE,
  SESSION_GROWTH_MAX_BYTES,
  SESSION_UNREAD_MAX_BYTES,
  UNREAD_LOOK_EVERY_BYTES,
} from './constants.ts';
import { GrowthBudget } from './growth.ts';
import { resumeStream, type WholeResume } from './resumption.ts';
import type { SessionSender } from './session-sender.ts';
import { type StreamHead, type StreamOwner, StreamState } from './session-stream.ts';
import { StreamInbox } from './stream-inbox.ts';
import { StreamTable } from './stream-table.ts';
import type { SessionOptions } from './types.ts';

/** The streams of a session: how they begin, what comes for them and what they have to say, and how they end. Knows of no path. */
export class SessionStreams {
  readonly #env: Env;
  readonly #options: SessionOptions;
  readonly #sender: SessionSender;
  readonly #table = new StreamTable();
  readonly #inbox: StreamInbox;
  readonly #owner: StreamOwner;
  #nextId: number;
  #receivedBytes = 0;
  #lookedAtBytes = 0;

  constructor(env: Env, options: SessionOptions, sender: SessionSender) {
    this.#env = env;
    this.#options = options;
    this.#sender = sender;
    this.#nextId = options.opener ? 1 : 2;
    this.#owner = this.#makeOwner();
    this.#inbox = this.#makeInbox();
  }

  #makeOwner(): StreamOwner {
    return {
      now: () => this.#env.now(),
      growth: new GrowthBudget(SESSION_GROWTH_MAX_BYTES),
      kept: this.#sender.kept,
      unsent: this.#options.unsent ?? { bytes: 0 },
      onWork: (stream) => {
        if (this.#table.has(stream)) this.#sender.addWork(stream);
      },
      onRead: (stream) => this.#onReceived(stream),
      onAccepted: (stream) => this.#sender.addAnswer(MESSAGE.streamConnected, encodeStreamConnected(stream.id)),
      onReset: (stream, reason) => this.#onReset(stream, reason),
    };
  }

  #makeInbox(): StreamInbox {
    return new StreamInbox({
      opener: this.#options.opener,
      streams: this.#table,
      nextOwnId: () => this.#nextId,
      accept: (head) => this.#accept(head),
      refuse: (stream) => this.#sender.addAnswer(MESSAGE.streamReset, encodeStreamReset({ stream, reason: END.full })),
      onReceived: (stream, freshBytes) => {
        this.#receivedBytes += freshBytes;
        this.#boundUnread();
        this.#onReceived(stream);
      },
      onCredit: (stream) => this.#onCredit(stream),
      onReset: (stream, reason) => {
        stream.fail(reason);
        this.#forget(stream);
      },
    });
  }

  get size(): number {
    return this.#table.size;
  }

  /** Stream bytes that came, without those that came again. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** The highest id that the other side has opened. */
  get seen(): number {
    return this.#inbox.seen;
  }

  /** By id. */
  all(): StreamState[] {
    return this.#table.all();
  }

  /** @throws GlobalNetError `full`; RangeError for a request that is too long. */
  open(kind: StreamKind, request: Uint8Array): StreamState {
    if (request.length > STREAM_REQUEST_MAX_BYTES)
      throw new RangeError(`a request of ${request.length} bytes, at most ${STREAM_REQUEST_MAX_BYTES} are allowed`);
    if (this.#table.ours >= STREAMS_MAX) throw new GlobalNetError('full', `${STREAMS_MAX} streams are open already`);
    const stream = new StreamState(this.#owner, { id: this.#nextId, kind, request, ours: true, sendLimit: STREAM_FIRST_CREDIT_BYTES });
    this.#nextId += 2;
    const shareBytes = Math.floor(this.#owner.growth.left * OPEN_CREDIT_SHARE);
    stream.receive.grant.widen(STREAM_FIRST_CREDIT_BYTES + Math.min(OPEN_CREDIT_BYTES, shareBytes), this.#env.now());
    this.#table.add(stream);
    this.#sender.outbox.addOpen(stream);
    this.#sender.wake();
    return stream;
  }

  /** A message about a stream. @throws DecodeError for what the other side had no right to send. */
  take(message: Message): void {
    this.#inbox.take(message);
  }

  /** What this end has received was told: a stream may have waited for nothing else. */
  onTold(stream: StreamState): void {
    if (stream.over) this.#forget(stream);
  }

  /** Resets every stream. The other side is told of those that it may have heard of. */
  end(reason: EndReason): void {
    const { outbox } = this.#sender;
    for (const stream of this.#table.all()) {
      if (outbox.remove(stream)) outbox.addAnswer(MESSAGE.streamReset, encodeStreamReset({ stream: stream.id, reason }));
      stream.fail(reason);
      this.#table.remove(stream);
    }
  }

  // ------------------------------------------------------------ a new path

  /** What was sent and not acknowledged is lost. */
  rewind(): void {
    for (const stream of this.#table.all()) {
      stream.send.rewind(stream.send.acked);
      stream.openSent = stream.known;
    }
  }

  /** Brings every stream to where the other side stands; false when that has forgotten the session. @throws DecodeError for a lie. */
  resume(resume: WholeResume): boolean {
    this.#sender.outbox.clearStreams();
    for (const stream of this.#table.all()) {
      const fate = resumeStream(stream, resume);
      if (fate === 'lost') return false;
      if (fate === 'over') this.#forget(stream);
    }
    return true;
  }

  /** Gives every stream its place in the outbox, as its state has it. */
  requeue(): void {
    const { outbox } = this.#sender;
    for (const stream of this.#table.all()) {
      if (stream.ours && !stream.openSent) outbox.addOpen(stream);
      if (stream.accepted) outbox.addAnswer(MESSAGE.streamConnected, encodeStreamConnected(stream.id));
      outbox.addWork(stream);
      this.#onReceived(stream);
    }
  }

  // ------------------------------------------------------------ what happens to one

  #accept(head: StreamHead): void {
    const stream = new StreamState(this.#owner, head);
    this.#table.add(stream);
    try {
      this.#options.onStream(stream);
    } catch (error) {
      this.#env.log('error', 'stream', `a handler of stream kind ${head.kind} failed: ${String(error)}`);
      stream.reset(END.internal);
    }
  }

  #onReceived(stream: StreamState): void {
    if (!this.#table.has(stream)) return;
    if (stream.over) this.#forget(stream);
    else this.#sender.addCredit(stream);
  }

  /** A window that was narrowed may still be filled as far as was told: who fills many at once, for readers that have stopped, loses the fullest. */
  #boundUnread(): void {
    if (this.#receivedBytes - this.#lookedAtBytes < UNREAD_LOOK_EVERY_BYTES) return;
    this.#lookedAtBytes = this.#receivedBytes;
    const streams = this.#table.all();
    const unreadBytes = streams.reduce((sum, { receive }) => sum + receive.unreadBytes, 0);
    if (unreadBytes <= SESSION_UNREAD_MAX_BYTES) return;
    streams.reduce((a, b) => (b.receive.unreadBytes > a.receive.unreadBytes ? b : a)).reset(END.full);
  }

  #onCredit(stream: StreamState): void {
    if (stream.over) this.#forget(stream);
    else this.#sender.outbox.addWork(stream);
    this.#sender.wake();
  }

  #onReset(stream: StreamState, reason: EndReason): void {
    if (!this.#table.has(stream)) return;
    const heardOf = this.#sender.outbox.remove(stream);
    this.#forget(stream);
    if (heardOf) this.#sender.addAnswer(MESSAGE.streamReset, encodeStreamReset({ stream: stream.id, reason }));
  }

  #forget(stream: StreamState): void {
    this.#sender.outbox.remove(stream);
    this.#table.remove(stream);
    stream.receive.grant.release();
  }
}
