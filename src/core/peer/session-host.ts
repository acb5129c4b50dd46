import { hex } from '../bytes/bytes.ts';
import type { Identity } from '../crypto/identity.ts';
import { type HostStatus, type ServiceDeps, ServiceHost, type Visit } from '../service/index.ts';
import { Session, type SessionStream, type StreamStats } from '../stream/index.ts';
import { CLOSE, END, type StreamKind } from '../wire/registry.ts';
import { HOST_SESSIONS_MAX } from './constants.ts';

/** Who answers streams of a kind; a kind nobody answers is refused. */
export type StreamHandlers = Partial<Record<StreamKind, (stream: SessionStream) => void>>;

/** A hidden service of ours: visitors' sessions, which outlive their paths, and their streams handed on by kind. */
export class SessionHost {
  readonly #deps: ServiceDeps;
  readonly #host: ServiceHost;
  readonly #handlers: StreamHandlers;
  readonly #sessions = new Map<string, Session>();

  constructor(deps: ServiceDeps, identity: Identity, handlers: StreamHandlers, onChange: () => void) {
    this.#deps = deps;
    this.#handlers = handlers;
    this.#host = new ServiceHost(deps, { identity, onVisitor: (visit) => this.receive(visit), onChange });
  }

  get status(): HostStatus {
    return this.#host.status();
  }

  /** Of all visitors. */
  get streamStats(): StreamStats[] {
    return [...this.#sessions.values()].flatMap((session) => session.streamStats);
  }

  start(): void {
    this.#host.start();
  }

  stop(): void {
    for (const session of [...this.#sessions.values()]) session.end(END.done);
    this.#host.stop();
  }

  /** A visitor has come in; a session that is known goes on. */
  receive(visit: Visit): void {
    const key = hex(visit.sessionId);
    const known = this.#sessions.get(key);
    if (known === undefined && this.#sessions.size >= HOST_SESSIONS_MAX && !this.#endIdle()) return visit.pipe.close(CLOSE.budget);
    const session = known ?? this.#newSession(key, visit.sessionId);
    // What comes with a new path is no part of the old one, whose end may not have been heard of yet: else the session would wait for what has come.
    session.detach();
    session.acceptEarly(visit.messages);
    session.attach(visit.pipe);
  }

  /** The oldest session without a stream makes room: else those who come and stay would shut the door to all others. */
  #endIdle(): boolean {
    for (const session of this.#sessions.values()) {
      if (session.stats.streams > 0) continue;
      session.end(END.done);
      return true;
    }
    return false;
  }

  #newSession(key: string, id: Uint8Array): Session {
    const session = new Session(this.#deps.env, {
      opener: false,
      id,
      onStream: (stream) => this.#serve(stream),
      onEnd: () => this.#sessions.delete(key),
    });
    this.#sessions.set(key, session);
    return session;
  }

  #serve(stream: SessionStream): void {
    const handler = this.#handlers[stream.kind];
    if (handler === undefined) stream.reset(END.refused);
    else handler(stream);
  }
}
