import { EMPTY } from '../bytes/bytes.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import type { Env } from '../env.ts';
import type { OpenedCircuit } from '../ports.ts';
import { type ChannelsStats, CircuitChannels, Session, type SessionStream, type StreamStats } from '../stream/index.ts';
import { EARLY_DATA_MAX_BYTES } from '../wire/geometry.ts';
import { CLOSE, END, type StreamKind } from '../wire/registry.ts';

/** A circuit for a session: a flight with these messages to its last hop. */
export type OpenPath = (early: Uint8Array, signal: AbortSignal) => Promise<OpenedCircuit>;

interface Going {
  readonly session: Session;
  readonly opened: Promise<void>;
}

/**
 * Streams to the last hop of a circuit. The last hop keeps nothing beyond its circuit, so a circuit that breaks ends its streams; the next one
 * that is opened brings another circuit.
 */
export class PathSession {
  #going: Going | undefined;
  #channels: CircuitChannels | undefined;
  #closed = false;
  readonly #abort = new AbortController();

  constructor(
    private readonly env: Env,
    private readonly openPath: OpenPath,
  ) {}

  /** A circuit stands. */
  get attached(): boolean {
    return this.#going?.session.attached ?? false;
  }

  /** Streams that are not over. */
  get streams(): number {
    return this.#going?.session.stats.streams ?? 0;
  }

  /** Of the circuit that stands. */
  get circuitStats(): ChannelsStats | undefined {
    return this.attached ? this.#channels?.stats : undefined;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get streamStats(): StreamStats[] {
    return this.#going?.session.streamStats ?? [];
  }

  /**
   * What is asked before there is a circuit rides in the setup packet: the request, and `first` behind it. When a build fails and another is
   * tried, two last hops may have heard it, so both must be safe to repeat; what is not is written once `connected` has resolved.
   * @throws GlobalNetError as `OpenPath`, `cancelled`, or `full`.
   */
  async openStream(kind: StreamKind, request: Uint8Array, first: Uint8Array = EMPTY): Promise<SessionStream> {
    if (this.#closed) throw new GlobalNetError('cancelled', 'this path was closed');
    const { session, opened } = this.#live();
    const stream = session.open(kind, request);
    stream.write(first).catch(() => undefined); // whoever reads hears of it
    await opened;
    return stream;
  }

  /** Ends its streams, and gives the circuit back. */
  close(): void {
    this.#closed = true;
    this.#abort.abort();
    this.#going?.session.end(END.done);
  }

  #live(): Going {
    if (this.#going !== undefined && !this.#going.session.ended) return this.#going;
    const session: Session = new Session(this.env, {
      opener: true,
      onStream: (stream) => stream.reset(END.refused),
      onDetach: () => session.end(END.sessionLost),
    });
    this.#going = { session, opened: this.#connect(session) };
    this.#going.opened.catch(() => undefined); // told to whoever opens a stream
    return this.#going;
  }

  async #connect(session: Session): Promise<void> {
    try {
      await Promise.resolve(); // what is asked in this turn rides along
      const { end, reply } = await this.openPath(session.takeEarly(EARLY_DATA_MAX_BYTES), this.#abort.signal);
      const channels: CircuitChannels = new CircuitChannels(this.env, end, { onMessage: () => channels.close(CLOSE.ended) });
      this.#channels = channels;
      session.attach(channels.control);
      channels.start(reply);
    } catch (error) {
      session.end(END.unreachable);
      throw error;
    }
  }
}
