import type { PeerId } from '../bytes/brand.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import { type Env, sleep } from '../env.ts';
import type { ByteStream } from '../ports.ts';
import type { ServiceVisitor } from '../service/index.ts';
import { Session } from '../stream/index.ts';
import { HELLO_MESSAGES_BYTES } from '../wire/geometry.ts';
import { END, STREAM } from '../wire/registry.ts';
import { RECONNECT_MAX_MS, RECONNECT_MIN_MS, RECONNECT_TRIES } from './constants.ts';

export interface VisitEvents {
  /** A path stands. `again`: the one before died. */
  onPath(hops: readonly PeerId[], again: boolean): void;
  onPathLost(): void;
}

/**
 * Streams to one hidden site, in one end-to-end session after another. A path that dies is replaced under the session, which
 * goes on where it was; only when no path can be had do its streams end.
 */
export class SiteVisit {
  #session: Session | undefined;
  #connecting: Promise<void> | undefined;
  #hops: readonly PeerId[] = [];
  #connectedBefore = false;
  #closed = false;
  readonly #abort = new AbortController();

  constructor(
    private readonly env: Env,
    private readonly visitor: ServiceVisitor,
    readonly address: string,
    private readonly events: VisitEvents,
  ) {}

  /** From our guard to the rendezvous point; empty while there is no path. */
  get hops(): readonly PeerId[] {
    return this.#hops;
  }

  /** The first request of a session rides in the hello. @throws GlobalNetError as `ServiceVisitor.connect`, or `cancelled`. */
  async openStream(request: Uint8Array): Promise<ByteStream> {
    if (this.#closed) throw new GlobalNetError('cancelled', 'this site was closed');
    const session = this.#live();
    const stream = session.open(STREAM.site, request);
    try {
      if (!session.attached) await (this.#connecting ??= this.#connect(session).finally(() => (this.#connecting = undefined)));
    } catch (error) {
      stream.reset(END.unreachable);
      throw error;
    }
    return stream;
  }

  close(): void {
    this.#closed = true;
    this.#abort.abort();
    this.#session?.end(END.done);
  }

  #live(): Session {
    if (this.#session !== undefined && !this.#session.ended) return this.#session;
    this.#connectedBefore = false;
    const session: Session = new Session(this.env, {
      opener: true,
      onStream: (stream) => stream.reset(END.refused),
      onDetach: () => this.#onDetach(session),
    });
    return (this.#session = session);
  }

  async #connect(session: Session): Promise<void> {
    const avoid = this.#hops.at(-1);
    try {
      const connection = await this.visitor.connect(this.address, {
        sessionId: session.id,
        resumes: this.#connectedBefore,
        messages: session.takeEarly(HELLO_MESSAGES_BYTES),
        signal: this.#abort.signal,
        ...(avoid === undefined ? {} : { avoid }),
      });
      session.acceptEarly(connection.messages);
      session.attach(connection.pipe);
      this.#hops = connection.hops;
      this.events.onPath(connection.hops, this.#connectedBefore);
      this.#connectedBefore = true;
    } catch (error) {
      session.detach(); // what rode in the hello did not arrive
      throw error;
    }
  }

  #onDetach(session: Session): void {
    if (this.#closed || session.ended) return;
    this.events.onPathLost();
    if (session.stats.streams === 0) return; // nobody waits: the next stream brings its own path
    this.#connecting ??= this.#reconnect(session).finally(() => (this.#connecting = undefined));
    this.#connecting.catch(() => undefined); // its streams have been told
  }

  async #reconnect(session: Session): Promise<void> {
    let delayMs = RECONNECT_MIN_MS;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#connect(session);
      } catch (error) {
        if (this.#closed || attempt >= RECONNECT_TRIES) {
          session.end(END.unreachable);
          throw error;
        }
        await sleep(this.env, delayMs);
        delayMs = Math.min(2 * delayMs, RECONNECT_MAX_MS);
      }
    }
  }
}
