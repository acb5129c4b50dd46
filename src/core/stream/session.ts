import { DecodeError, GlobalNetError } from '../bytes/errors.ts';
import type { Env } from '../env.ts';
import type { Pipe } from '../ports.ts';
import { SESSION_ID_BYTES } from '../wire/geometry.ts';
import { type Message, readMessages } from '../wire/message.ts';
import { CLOSE, END, type EndReason, MESSAGE, type StreamKind } from '../wire/registry.ts';
import { decodeSessionHolder, decodeSessionResume, encodeSessionHolder, type SessionHolder, type SessionResume } from '../wire/stream.ts';
import { RESUME_GRACE_MS, SENT_KEEP_BYTES } from './constants.ts';
import { ResumeGatherer } from './resumption.ts';
import { SessionSender } from './session-sender.ts';
import { SessionStreams } from './session-streams.ts';
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
  readonly #sender: SessionSender;
  readonly #streams: SessionStreams;
  readonly #resumes = new ResumeGatherer();
  #ended = false;
  /** Something went over the present path, or may have. */
  #pathUsed = false;
  #resumeSent = false;
  #cancelGrace: (() => void) | undefined;

  constructor(env: Env, options: SessionOptions) {
    this.#env = env;
    this.#options = options;
    this.id = options.id ?? env.random(SESSION_ID_BYTES);
    this.#sender = new SessionSender(env, {
      sentKeepBytes: options.sentKeepBytes ?? SENT_KEEP_BYTES,
      onTold: (stream) => this.#streams.onTold(stream),
      onFlooded: () => this.end(END.malformed),
    });
    this.#streams = new SessionStreams(env, options, this.#sender);
  }

  get attached(): boolean {
    return this.#sender.pipe !== undefined;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get stats(): SessionStats {
    return {
      attached: this.attached,
      streams: this.#streams.size,
      sentBytes: this.#sender.outbox.sentBytes,
      receivedBytes: this.#streams.receivedBytes,
      unackedBytes: this.#sender.kept.bytes,
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
    if (this.#ended) throw new GlobalNetError('closed', 'the session has ended');
    return this.#streams.open(kind, request);
  }

  /** Goes on over this pipe; takes over `pipe.handler`. */
  attach(pipe: Pipe): void {
    if (this.#ended) return pipe.close(CLOSE.ended);
    if (this.attached) this.detach();
    this.#cancelGrace?.();
    this.#cancelGrace = undefined;
    this.#pathUsed = true;
    this.#sender.pipe = pipe;
    pipe.handler = {
      onPayload: (payload) => {
        this.acceptEarly(payload);
        if (this.#sender.pipe === pipe) pipe.consumed(1);
      },
      onReady: () => this.#sender.pump(),
      onClose: (reason) => {
        if (this.#sender.pipe !== pipe) return;
        this.detach();
        this.#options.onDetach?.(reason);
      },
    };
    this.#sender.wake();
  }

  /** Leaves the pipe without closing it. All that was sent and not acknowledged counts as lost, a flight of `takeEarly` too. */
  detach(): void {
    const sender = this.#sender;
    if (sender.pipe !== undefined) sender.pipe.handler = undefined;
    sender.pipe = undefined;
    if (this.#ended || !this.#pathUsed) return;
    this.#pathUsed = false;
    sender.resumeAwaited = true;
    this.#resumes.clear();
    sender.outbox.clear();
    this.#streams.rewind();
    this.#sendResume();
    this.#streams.requeue();
    this.#cancelGrace ??= this.#env.schedule(RESUME_GRACE_MS, () => this.end(END.sessionLost));
  }

  /** Messages that are ready, for a setup packet, a reply or a hello; at most `maxBytes`, empty when there are none. */
  takeEarly(maxBytes: number): Uint8Array {
    const payload = new Uint8Array(maxBytes);
    const messages = payload.subarray(0, this.#sender.fill(payload, false));
    if (messages.length > 0) this.#pathUsed = true;
    return messages;
  }

  /** Messages that came in a setup packet, a reply, a hello, or through the pipe. */
  acceptEarly(messages: Uint8Array): void {
    if (this.#ended) return;
    this.#pathUsed = true;
    try {
      for (const message of readMessages(messages)) {
        this.#take(message);
        if (this.#ended) return;
      }
    } catch (error) {
      if (!(error instanceof DecodeError)) this.#env.log('error', 'stream', `session: ${String(error)}`);
      else this.#env.log('debug', 'stream', `session ends: ${error.message}`);
      this.end(error instanceof DecodeError ? END.malformed : END.internal);
    }
  }

  #take(message: Message): void {
    if (message.type === MESSAGE.sessionResume) this.#onResumePart(decodeSessionResume(message.content));
    else if (message.type === MESSAGE.sessionHolder) this.#options.onHolder?.(decodeSessionHolder(message.content));
    else this.#streams.take(message);
  }

  #onResumePart(part: SessionResume): void {
    const resume = this.#resumes.add(part, this.id);
    if (resume === undefined) return;
    if (!this.#streams.resume(resume)) return this.end(END.sessionLost);
    this.#sender.resumeAwaited = false;
    if (!this.#resumeSent) this.#sendResume();
    this.#streams.requeue();
    this.#sender.wake();
  }

  /** The other side hears it first of all on this path. */
  #sendResume(): void {
    this.#resumeSent = true;
    this.#sender.outbox.addResume(() => ({ sessionId: this.id, seen: this.#streams.seen, streams: this.#streams.all() }));
  }

  /** Says something about who holds an invitation; lost with the path it goes by. */
  tell(holder: SessionHolder): void {
    if (!this.#ended) this.#sender.addAnswer(MESSAGE.sessionHolder, encodeSessionHolder(holder));
  }

  /** Resets every stream with `reason` and closes the pipe. The other side hears the reason if there is room for a payload. */
  end(reason: EndReason): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#streams.end(reason);
    this.#sender.pump();
    this.#cancelGrace?.();
    const { pipe } = this.#sender;
    this.#sender.stop();
    if (pipe !== undefined) {
      pipe.handler = undefined;
      pipe.close(CLOSE.ended);
    }
    this.#options.onEnd?.(reason);
  }
}
