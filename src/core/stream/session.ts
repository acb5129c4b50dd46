import type { Env } from '../env.ts';
import type { Pipe } from '../ports.ts';
import type { EndReason, StreamKind } from '../wire/registry.ts';
import type { SessionOptions, SessionStats, SessionStream } from './types.ts';

/**
 * Streams over one pipe after another.
 *
 * A new path: `detach()` (unless the pipe closed by itself), then `takeEarly` / `acceptEarly` and `attach` in any order.
 */
export declare class Session {
  constructor(env: Env, options: SessionOptions);
  readonly id: Uint8Array;
  readonly attached: boolean;
  readonly ended: boolean;
  readonly stats: SessionStats;
  /** Works while detached too: what is written waits for a path.
   * @throws GlobalNetError `closed` when the session has ended, `full` at STREAMS_MAX. @throws RangeError for a request over STREAM_REQUEST_MAX_BYTES. */
  open(kind: StreamKind, request: Uint8Array): SessionStream;
  /** Goes on over this pipe; takes over `pipe.handler`. */
  attach(pipe: Pipe): void;
  /** Leaves the pipe (without closing it): all that was sent and not acknowledged counts as lost. A flight of `takeEarly` that never arrived is given up by this too. */
  detach(): void;
  /** Messages that are ready, for a setup packet, a reply or a hello; at most `maxBytes`, empty when there are none. */
  takeEarly(maxBytes: number): Uint8Array;
  /** Messages that came in a setup packet, a reply or a hello. */
  acceptEarly(messages: Uint8Array): void;
  /** Resets every stream with `reason` and closes the pipe. */
  end(reason: EndReason): void;
}
