import type { PeerId } from '../bytes/brand.ts';
import { EMPTY } from '../bytes/bytes.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import { type Env, sleep } from '../env.ts';
import type { ServiceVisitor } from '../service/index.ts';
import { readAnswer, Session, type SessionStream, StreamReset, type StreamStats } from '../stream/index.ts';
import { decodeAddress } from '../wire/address.ts';
import { CERTIFICATES_MAX_BYTES, HELLO_MESSAGES_BYTES } from '../wire/geometry.ts';
import { END, HOLDER, STREAM, type StreamKind } from '../wire/registry.ts';
import type { SessionHolder } from '../wire/stream.ts';
import { checkCertificates } from './certificates.ts';
import { ASK_TIMEOUT_MS, CONTESTED_MS, RECONNECT_MAX_MS, RECONNECT_MIN_MS, RECONNECT_TRIES } from './constants.ts';
import type { CarriedCertificate } from './status.ts';

export interface VisitEvents {
  /** A path stands. `again`: the one before died. */
  onPath(hops: readonly PeerId[], again: boolean): void;
  onPathLost(): void;
  /** Another program came with the same invitation. `isRefused`: it was there first, and this one was refused; else the other one was. */
  onContested(isRefused: boolean): void;
}

export function contestedInWords(isRefused: boolean): string {
  return isRefused
    ? 'another program uses your invitation, and was there first: this one was refused. Each program, and each browser, needs an invitation of its own'
    : 'another program came with your invitation, and was refused because this one uses it. If that was not you, ask for a new invitation';
}

const TURNED_AWAY = 'the service has ended this visit: the invitation was taken back, or another program uses it now';

/**
 * Streams to one hidden service, in one end-to-end session after another. A path that dies is replaced under the session, which
 * goes on where it was; only when no path can be had do its streams end.
 */
export class ServiceSession {
  #session: Session | undefined;
  #connecting: Promise<void> | undefined;
  #finding: Promise<void> | undefined;
  #hops: readonly PeerId[] = [];
  #connectedBefore = false;
  #hellos = { made: 0 };
  #contestedUntilMs = 0;
  #answer: Promise<Uint8Array> | undefined;
  #certificates: Promise<readonly CarriedCertificate[]> | undefined;
  #closed = false;
  readonly #abort = new AbortController();

  constructor(
    private readonly env: Env,
    private readonly visitor: Pick<ServiceVisitor, 'find' | 'connect'>,
    readonly address: string,
    private readonly events: VisitEvents,
  ) {}

  /** From our guard to the rendezvous point; empty while there is no path. */
  get hops(): readonly PeerId[] {
    return this.#hops;
  }

  /** A path stands. */
  get attached(): boolean {
    return this.#session?.attached ?? false;
  }

  /** Streams that are not over. */
  get streams(): number {
    return this.#session?.stats.streams ?? 0;
  }

  get streamStats(): StreamStats[] {
    return this.#session?.streamStats ?? [];
  }

  /** Where a stream was refused because its whole session was: why. Undefined where the refusal was the stream's own. */
  get turnedAway(): GlobalNetError | undefined {
    if (this.env.now() < this.#contestedUntilMs) return new GlobalNetError('refused', contestedInWords(true));
    return this.#session?.ended ? new GlobalNetError('refused', TURNED_AWAY) : undefined;
  }

  /** Resolves when the service is known to exist, by its record; whether it answers shows later. @throws GlobalNetError as `ServiceVisitor.find`. */
  async find(): Promise<void> {
    if (this.attached) return;
    await (this.#finding ??= this.visitor.find(this.address, this.#abort.signal).finally(() => (this.#finding = undefined)));
  }

  /**
   * What is asked before there is a path rides in the hello: the request, and `first` behind it. A hello may reach the service twice, so both
   * must be safe to repeat; what is not is written once `connected` has resolved.
   * @throws GlobalNetError as `ServiceVisitor.connect`, `cancelled`, `full`, or `refused` (another program uses our invitation).
   */
  openStream(kind: StreamKind, request: Uint8Array, first: Uint8Array = EMPTY): Promise<SessionStream> {
    return this.#open(kind, request, (stream) => {
      stream.write(first).catch(() => undefined); // whoever reads hears of it
      this.#carries().catch(() => undefined); // behind it, in the same hello
    });
  }

  /** @param begin says what is known to be said, before the hello is made. */
  async #open(kind: StreamKind, request: Uint8Array, begin: (stream: SessionStream) => void): Promise<SessionStream> {
    if (this.#closed) throw new GlobalNetError('cancelled', 'this service was closed');
    if (this.env.now() < this.#contestedUntilMs) throw new GlobalNetError('refused', contestedInWords(true));
    const session = this.#live();
    const stream = session.open(kind, request);
    begin(stream);
    try {
      // What is under way may be the last try of a session that has ended meanwhile.
      while (!session.attached) await (this.#connecting ??= this.#connect(session).finally(() => (this.#connecting = undefined)));
    } catch (error) {
      stream.reset(END.unreachable);
      throw error;
    }
    return stream;
  }

  /**
   * What the service carries, checked. It was asked for beside the first stream, and is now where there was none.
   * @throws as `openStream`, and `timeout` or `closed` when no answer came: the next stream asks again.
   */
  async certificates(): Promise<readonly CarriedCertificate[]> {
    const answer = await this.#carries();
    return (this.#certificates ??= checkCertificates(this.env, answer, decodeAddress(this.address)));
  }

  /** Asked for once, by every visitor, whether he trusts anybody or not. */
  #carries(): Promise<Uint8Array> {
    return (this.#answer ??= this.#askCertificates().catch((error) => {
      this.#answer = undefined;
      throw error;
    }));
  }

  async #askCertificates(): Promise<Uint8Array> {
    const stream = await this.#open(STREAM.certificates, EMPTY, (opened) => opened.end());
    try {
      return await readAnswer(this.env, stream, CERTIFICATES_MAX_BYTES, ASK_TIMEOUT_MS);
    } catch (error) {
      if (error instanceof StreamReset && error.reason === END.refused && this.turnedAway) throw this.turnedAway;
      const isAnswer = error instanceof StreamReset ? error.reason === END.refused : (error as GlobalNetError).kind === 'malformed';
      if (isAnswer) return EMPTY; // it knows no certificates, or sends more than there can be
      throw error;
    }
  }

  close(): void {
    this.#closed = true;
    this.#abort.abort();
    this.#session?.end(END.done);
  }

  #live(): Session {
    if (this.#session !== undefined && !this.#session.ended) return this.#session;
    this.#connectedBefore = false;
    this.#hellos = { made: 0 };
    const session: Session = new Session(this.env, {
      opener: true,
      onStream: (stream) => stream.reset(END.refused),
      onDetach: () => this.#onDetach(session),
      onHolder: (message) => this.#onHolder(session, message),
    });
    return (this.#session = session);
  }

  /** What the service says of the invitation that we came with. */
  #onHolder(session: Session, { kind, token }: SessionHolder): void {
    if (kind === HOLDER.challenge) session.tell({ kind: HOLDER.here, token });
    else if (kind === HOLDER.warned) this.events.onContested(false);
    else if (kind === HOLDER.refused) {
      this.#contestedUntilMs = this.env.now() + CONTESTED_MS;
      session.end(END.refused);
      this.events.onContested(true);
    }
  }

  async #connect(session: Session): Promise<void> {
    if (session.ended) throw new GlobalNetError('closed', 'the session has ended');
    const avoid = this.#hops.at(-1);
    try {
      const connection = await this.visitor.connect(this.address, {
        sessionId: session.id,
        resumes: this.#connectedBefore,
        hellos: this.#hellos,
        messages: session.takeEarly(HELLO_MESSAGES_BYTES),
        signal: this.#abort.signal,
        ...(avoid === undefined ? {} : { avoid }),
      });
      session.acceptEarly(connection.messages);
      session.attach(connection.pipe);
      if (!session.attached) return;
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
        if (this.#closed || session.ended || attempt >= RECONNECT_TRIES) {
          session.end(END.unreachable);
          throw error;
        }
        await sleep(this.env, delayMs);
        delayMs = Math.min(2 * delayMs, RECONNECT_MAX_MS);
      }
    }
  }
}
