import { GlobalNetError } from '../bytes/errors.ts';
import type { ByteStream } from '../ports.ts';
import type { CloseReason, EndReason, StreamKind } from '../wire/registry.ts';
import type { SessionHolder } from '../wire/stream.ts';

export interface ChannelsHandler {
  /** A message of channel 0 (or of early or reply data) that is neither the circuit's own (ack, credit, close) nor a stream's:
   * extend, rendezvous. The content is a view. Who cannot read it calls `close(CLOSE.ended)`. */
  onMessage(type: number, content: Uint8Array): void;
  /** The circuit has ended, whoever ended it. Every pipe has been told before. */
  onClose?(reason: CloseReason): void;
}

export interface ChannelsStats {
  readonly sentCells: number;
  readonly receivedCells: number;
  /** Counted cells that the other end has not acked. */
  readonly cellsInFlight: number;
  /** So long the oldest of those has waited while nothing at all came; 0 when none waits. */
  readonly unheardMs: number;
  readonly windowCells: number;
  readonly roundTripMs: number | undefined;
  readonly minRoundTripMs: number | undefined;
  readonly channels: number;
  /** Payloads that came and were not yet used up, in all channels. */
  readonly heldPayloads: number;
}

export interface SessionOptions {
  /** Opens streams with odd ids; the other end takes even ones. */
  readonly opener: boolean;
  /** The other side opened a stream; it is refused by `stream.reset(END.refused)`. */
  onStream(stream: SessionStream): void;
  /** The pipe is gone. Streams wait RESUME_GRACE_MS for `attach`. */
  onDetach?(reason: CloseReason): void;
  /** The other side says something about who holds an invitation. */
  onHolder?(message: SessionHolder): void;
  /** The session is over: ended, lost, or the other side broke its rules (`END.malformed`). Streams have been told before. */
  onEnd?(reason: EndReason): void;
  /** SESSION_ID_BYTES; drawn at random when it is left out. Both ends need the same for a session to resume. */
  readonly id?: Uint8Array;
  /** Bytes sent and not yet acknowledged that are kept for a resumption; SENT_KEEP_BYTES when it is left out. */
  readonly sentKeepBytes?: number;
  /** Counts what waits to be sent, where sessions share a bound on it (UNSENT_MAX_BYTES); its own when it is left out. */
  readonly unsent?: { bytes: number };
}

/** A stream was reset, by either side; `reason` is of END, or one that this version does not know. */
export class StreamReset extends GlobalNetError {
  constructor(
    stream: number,
    readonly reason: EndReason,
    name: string,
  ) {
    super('closed', `stream ${stream} was reset: ${name}`);
  }
}

export interface SessionStream extends ByteStream {
  readonly id: number;
  /** Bytes that came, read or not. */
  readonly receivedBytes: number;
  /** Opener: resolves when the other side accepted, or sent anything. Acceptor: resolved. @throws as `read`. */
  readonly connected: Promise<void>;
  /** Acceptor: tells the opener that what it asked for is there. Needed only where that takes time (a TCP connect). */
  accept(): void;
  /** Resolves when the other side has received all bytes and the end; to be awaited before what it runs on is closed. @throws as `read`. */
  readonly finished: Promise<void>;
}

/** What a session tells of a stream that is not over. */
export interface StreamStats {
  readonly id: number;
  readonly kind: StreamKind;
  /** What its opener asked for. */
  readonly request: Uint8Array;
  /** This end opened it. */
  readonly ours: boolean;
  readonly openedAtMs: number;
  /** Bytes, each counted once however often its path was replaced. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

export interface SessionStats {
  readonly attached: boolean;
  readonly streams: number;
  /** Stream bytes sent (again ones included) and received (again ones not). */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Sent bytes kept until the other side says that it has them. */
  readonly unackedBytes: number;
  /** Received bytes that nobody has read yet. */
  readonly unreadBytes: number;
}
