import { DecodeError, GlobalNetError } from '../bytes/errors.ts';
import { type Env, soon } from '../env.ts';
import type { Pipe } from '../ports.ts';
import { SESSION_ID_BYTES, STREAM_FIRST_CREDIT_BYTES, STREAM_REQUEST_MAX_BYTES, STREAMS_MAX } from '../wire/geometry.ts';
import { readMessages } from '../wire/message.ts';
import { CLOSE, END, type EndReason, MESSAGE, type StreamKind } from '../wire/registry.ts';
import {
  decodeSessionHolder,
  decodeSessionResume,
  encodeSessionHolder,
  encodeStreamConnected,
  encodeStreamReset,
  type SessionHolder,
  type SessionResume,
} from '../wire/stream.ts';
import {
  CREDIT_DELAY_MS,
  END_DELAY_MS,
  OPEN_CREDIT_BYTES,
  OPEN_CREDIT_SHARE,
  RESUME_GRACE_MS,
  SENT_KEEP_BYTES,
  SESSION_GROWTH_MAX_BYTES,
} from './constants.ts';
import { Outbox } from './outbox.ts';
import { ResumeGatherer, resumeStream } from './resumption.ts';
import { type StreamHead, type StreamOwner, StreamState } from './session-stream.ts';
import { StreamInbox } from './stream-inbox.ts';
import { StreamTable } from './stream-table.ts';
import type { SessionOptions, SessionStats, SessionStream, StreamStats } from './types.ts';

/**
 * Streams over one pipe after another.
 *
 * A new path: `detach()` (a pipe that closes does it by itself), then `takeEarly`, `acceptEarly` and `attach`, in any order.
 *
 * 1. What was sent on a path and not acknowledged is lost when the path is left; the bytes are kept, and sent again.
 * 2. On any path but the first, an end says first what it has received, and sends no stream bytes through the pipe before it has
 *    heard the same of the other side. In an early flight it does not wait: what is sent twice is dropped by its offset.
 * 3. What the spec does not allow ends the session, with END.malformed.
 */
export class Session {
  readonly id: Uint8Array;
  readonly #env: Env;
  readonly #options: SessionOptions;
  readonly #sentKeepBytes: number;
  readonly #streams = new StreamTable();
  readonly #outbox = new Outbox();
  readonly #inbox: StreamInbox;
  readonly #owner: StreamOwner;
  #pipe: Pipe | undefined;
  #ended = false;
  #nextId: number;
  #receivedBytes = 0;
  /** Something went over the present path, or may have. */
  #pathUsed = false;
  #resumeSent = false;
  /** Nothing but our resume may go out before the other side's has come. */
  #resumeAwaited = false;
  readonly #resumes = new ResumeGatherer();
  #pumping = false;
  #pumpSoon = false;
  #cancelCredit: (() => void) | undefined;
  #cancelEnds: (() => void) | undefined;
  #cancelGrace: (() => void) | undefined;

  constructor(env: Env, options: SessionOptions) {
    this.#env = env;
    this.#options = options;
    this.id = options.id ?? env.random(SESSION_ID_BYTES);
    this.#sentKeepBytes = options.sentKeepBytes ?? SENT_KEEP_BYTES;
    this.#nextId = options.opener ? 1 : 2;
    this.#owner = {
      now: () => env.now(),
      growth: { left: SESSION_GROWTH_MAX_BYTES },
      kept: { bytes: 0 },
      unsent: options.unsent ?? { bytes: 0 },
      onWork: (stream) => this.#onWork(stream),
      onRead: (stream) => this.#onReceived(stream),
      onAccepted: (stream) => this.#answer(MESSAGE.streamConnected, encodeStreamConnected(stream.id)),
      onReset: (stream, reason) => this.#onReset(stream, reason),
    };
    this.#inbox = new StreamInbox({
      opener: options.opener,
      streams: this.#streams,
      nextOwnId: () => this.#nextId,
      accept: (head) => this.#accept(head),
      refuse: (stream) => this.#answer(MESSAGE.streamReset, encodeStreamReset({ stream, reason: END.full })),
      onReceived: (stream, freshBytes) => {
        this.#receivedBytes += freshBytes;
        this.#onReceived(stream);
      },
      onCredit: (stream) => this.#onCredit(stream),
      onReset: (stream, reason) => {
        stream.fail(reason);
        this.#forget(stream);
      },
    });
  }

  get attached(): boolean {
    return this.#pipe !== undefined;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get stats(): SessionStats {
    return {
      attached: this.attached,
      streams: this.#streams.size,
      sentBytes: this.#outbox.sentBytes,
      receivedBytes: this.#receivedBytes,
      unackedBytes: this.#owner.kept.bytes,
      unreadBytes: this.#streams.all().reduce((sum, stream) => sum + stream.receive.unreadBytes, 0),
    };
  }

  /** Of each stream that is not over. */
  get streamStats(): StreamStats[] {
    return this.#streams.all().map((stream) => stream.stats);
  }

  /**
   * Works while detached too: what is written waits for a path.
   * @throws GlobalNetError `closed` when the session has ended, `full` when STREAMS_MAX are open; RangeError for a request over
   * STREAM_REQUEST_MAX_BYTES.
   */
  open(kind: StreamKind, request: Uint8Array): SessionStream {
    if (request.length > STREAM_REQUEST_MAX_BYTES)
      throw new RangeError(`a request of ${request.length} bytes, at most ${STREAM_REQUEST_MAX_BYTES} are allowed`);
    if (this.#ended) throw new GlobalNetError('closed', 'the session has ended');
    if (this.#streams.ours >= STREAMS_MAX) throw new GlobalNetError('full', `${STREAMS_MAX} streams are open already`);
    const stream = new StreamState(this.#owner, { id: this.#nextId, kind, request, ours: true, sendLimit: STREAM_FIRST_CREDIT_BYTES });
    this.#nextId += 2;
    const shareBytes = Math.floor(this.#owner.growth.left * OPEN_CREDIT_SHARE);
    stream.receive.grant.widen(STREAM_FIRST_CREDIT_BYTES + Math.min(OPEN_CREDIT_BYTES, shareBytes));
    this.#streams.add(stream);
    this.#outbox.addOpen(stream);
    this.#wake();
    return stream;
  }

  /** Goes on over this pipe; takes over `pipe.handler`. */
  attach(pipe: Pipe): void {
    if (this.#ended) return pipe.close(CLOSE.ended);
    if (this.#pipe !== undefined) this.detach();
    this.#cancelGrace?.();
    this.#cancelGrace = undefined;
    this.#pathUsed = true;
    this.#pipe = pipe;
    pipe.handler = {
      onPayload: (payload) => {
        this.acceptEarly(payload);
        if (this.#pipe === pipe) pipe.consumed(1);
      },
      onReady: () => this.#pump(),
      onClose: (reason) => {
        if (this.#pipe !== pipe) return;
        this.detach();
        this.#options.onDetach?.(reason);
      },
    };
    this.#wake();
  }

  /** Leaves the pipe without closing it. All that was sent and not acknowledged counts as lost, a flight of `takeEarly` too. */
  detach(): void {
    if (this.#pipe !== undefined) this.#pipe.handler = undefined;
    this.#pipe = undefined;
    if (this.#ended || !this.#pathUsed) return;
    this.#pathUsed = this.#resumeSent = false;
    this.#resumeAwaited = true;
    this.#resumes.clear();
    this.#outbox.clear();
    for (const stream of this.#streams.all()) {
      stream.send.rewind(stream.send.acked);
      stream.openSent = stream.known;
    }
    this.#sendResume();
    this.#requeue();
    this.#cancelGrace ??= this.#env.schedule(RESUME_GRACE_MS, () => this.end(END.sessionLost));
  }

  /** Messages that are ready, for a setup packet, a reply or a hello; at most `maxBytes`, empty when there are none. */
  takeEarly(maxBytes: number): Uint8Array {
    const payload = new Uint8Array(maxBytes);
    const messages = payload.subarray(0, this.#fill(payload, false));
    if (messages.length > 0) this.#pathUsed = true;
    return messages;
  }

  /** Messages that came in a setup packet, a reply, a hello, or through the pipe. */
  acceptEarly(messages: Uint8Array): void {
    if (this.#ended) return;
    this.#pathUsed = true;
    try {
      for (const message of readMessages(messages)) {
        if (message.type === MESSAGE.sessionResume) this.#onResumePart(decodeSessionResume(message.content));
        else if (message.type === MESSAGE.sessionHolder) this.#options.onHolder?.(decodeSessionHolder(message.content));
        else this.#inbox.take(message);
        if (this.#ended) return;
      }
    } catch (error) {
      if (!(error instanceof DecodeError)) this.#env.log('error', 'stream', `session: ${String(error)}`);
      else this.#env.log('debug', 'stream', `session ends: ${error.message}`);
      this.end(error instanceof DecodeError ? END.malformed : END.internal);
    }
  }

  /** Says something about who holds an invitation; lost with the path it goes by. */
  tell(holder: SessionHolder): void {
    this.#answer(MESSAGE.sessionHolder, encodeSessionHolder(holder));
  }

  /** Resets every stream with `reason` and closes the pipe. The other side hears the reason if there is room for a payload. */
  end(reason: EndReason): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const stream of this.#streams.all()) {
      if (this.#outbox.remove(stream)) this.#outbox.addAnswer(MESSAGE.streamReset, encodeStreamReset({ stream: stream.id, reason }));
      stream.fail(reason);
      this.#streams.remove(stream);
    }
    this.#pump();
    this.#cancelCredit?.();
    this.#cancelEnds?.();
    this.#cancelGrace?.();
    this.#outbox.clear();
    const pipe = this.#pipe;
    this.#pipe = undefined;
    if (pipe !== undefined) {
      pipe.handler = undefined;
      pipe.close(CLOSE.ended);
    }
    this.#options.onEnd?.(reason);
  }

  // ------------------------------------------------------------ streams

  #accept(head: StreamHead): void {
    const stream = new StreamState(this.#owner, head);
    this.#streams.add(stream);
    try {
      this.#options.onStream(stream);
    } catch (error) {
      this.#env.log('error', 'stream', `a handler of stream kind ${head.kind} failed: ${String(error)}`);
      stream.reset(END.internal);
    }
  }

  #onWork(stream: StreamState): void {
    if (!this.#streams.has(stream)) return;
    this.#outbox.addWork(stream);
    if (!stream.endCanWait) this.#wake();
    else
      this.#cancelEnds ??= this.#env.schedule(END_DELAY_MS, () => {
        this.#cancelEnds = undefined;
        this.#pump();
      });
  }

  #onReceived(stream: StreamState): void {
    if (!this.#streams.has(stream)) return;
    if (stream.over) return this.#forget(stream);
    this.#outbox.addCredit(stream);
    if (stream.receive.creditDue) this.#wake();
    else if (this.#outbox.hasUntold) {
      this.#cancelCredit ??= this.#env.schedule(CREDIT_DELAY_MS, () => {
        this.#cancelCredit = undefined;
        this.#outbox.urgeUntold();
        this.#pump();
      });
    }
  }

  #onCredit(stream: StreamState): void {
    if (stream.over) this.#forget(stream);
    else this.#outbox.addWork(stream);
    this.#wake();
  }

  #onReset(stream: StreamState, reason: EndReason): void {
    if (!this.#streams.has(stream)) return;
    const heardOf = this.#outbox.remove(stream);
    this.#forget(stream);
    if (heardOf) this.#answer(MESSAGE.streamReset, encodeStreamReset({ stream: stream.id, reason }));
  }

  #forget(stream: StreamState): void {
    this.#outbox.remove(stream);
    this.#streams.remove(stream);
    stream.receive.grant.release();
  }

  #answer(type: number, content: Uint8Array): void {
    if (this.#ended) return;
    this.#outbox.addAnswer(type, content);
    // Only a side that opens and opens beyond STREAMS_MAX, and reads nothing, makes so many wait.
    if (this.#outbox.answersWaiting > 4 * STREAMS_MAX) this.end(END.malformed);
    else this.#wake();
  }

  // ------------------------------------------------------------ resumption

  #sendResume(): void {
    this.#resumeSent = true;
    this.#outbox.addResume(() => ({ sessionId: this.id, seen: this.#inbox.seen, streams: this.#streams.all() }));
  }

  #onResumePart(part: SessionResume): void {
    const resume = this.#resumes.add(part, this.id);
    if (resume === undefined) return;
    this.#outbox.clearStreams();
    for (const stream of this.#streams.all()) {
      const fate = resumeStream(stream, resume);
      if (fate === 'lost') return this.end(END.sessionLost);
      if (fate === 'over') this.#forget(stream);
    }
    this.#resumeAwaited = false;
    if (!this.#resumeSent) this.#sendResume();
    this.#requeue();
    this.#wake();
  }

  /** Gives every stream its place in the outbox, as its state has it. */
  #requeue(): void {
    for (const stream of this.#streams.all()) {
      if (stream.ours && !stream.openSent) this.#outbox.addOpen(stream);
      if (stream.accepted) this.#outbox.addAnswer(MESSAGE.streamConnected, encodeStreamConnected(stream.id));
      this.#outbox.addWork(stream);
      this.#onReceived(stream);
    }
  }

  // ------------------------------------------------------------ out

  /** After what runs now: several writes of one turn come together, and those of other streams that the platform has at hand. */
  #wake(): void {
    if (this.#pumpSoon || this.#pipe === undefined) return;
    this.#pumpSoon = true;
    soon(this.#env, () => {
      this.#pumpSoon = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    for (let pipe = this.#pipe; pipe?.ready === true && this.#outbox.hasWork; pipe = this.#pipe) {
      const payload = new Uint8Array(pipe.payloadBytes);
      if (this.#fill(payload, this.#resumeAwaited) === 0) break;
      pipe.send(payload);
    }
    this.#pumping = false;
  }

  #fill(payload: Uint8Array, resumeOnly: boolean): number {
    return this.#outbox.fill(payload, resumeOnly, this.#sentKeepBytes - this.#owner.kept.bytes, (stream) => {
      if (stream.over) this.#forget(stream);
    });
  }
}
