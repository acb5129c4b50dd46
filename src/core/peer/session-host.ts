import { equal, hex } from '../bytes/bytes.ts';
import type { Identity } from '../crypto/identity.ts';
import {
  type Guest,
  type HostOptions,
  type HostStatus,
  type ServiceDeps,
  ServiceHost,
  type ServiceInvitation,
  type Visit,
} from '../service/index.ts';
import { Session, type SessionStream, type StreamStats } from '../stream/index.ts';
import { CLOSE, END, STREAM, type StreamKind } from '../wire/registry.ts';
import { certificatesHandler } from './certificates.ts';
import { HOST_SESSIONS_MAX } from './constants.ts';
import { Holders } from './holders.ts';

/** Who answers streams of a kind; a kind nobody answers is refused. `session` tells whether two streams came in one. */
export type StreamHandlers = Partial<Record<StreamKind, (stream: SessionStream, session: object) => void>>;

export interface HostingOptions extends Pick<HostOptions, 'hostKey' | 'invitations'> {
  /** What issuers have signed about this service, for its visitors to ask for: at most CERTIFICATES_MAX. */
  readonly certificates?: readonly Uint8Array[];
}

interface Known {
  readonly session: Session;
  /** Its last hello. */
  number: number;
  readonly guest: Guest | undefined;
}

/** A hidden service of ours: visitors' sessions, which outlive their paths, and their streams handed on by kind. */
export class SessionHost {
  readonly #deps: ServiceDeps;
  readonly #host: ServiceHost;
  readonly #handlers: StreamHandlers;
  readonly #holders: Holders;
  readonly #sessions = new Map<string, Known>();
  /** Of all visitors: many who do not read make this host hold no more than one does. */
  readonly #unsent = { bytes: 0 };

  constructor(deps: ServiceDeps, identity: Identity, handlers: StreamHandlers, onChange: () => void, options: HostingOptions = {}) {
    this.#deps = deps;
    const { certificates = [], ...access } = options;
    this.#handlers = { ...handlers, [STREAM.certificates]: certificatesHandler(certificates) };
    this.#holders = new Holders(deps.env);
    this.#host = new ServiceHost(deps, { identity, ...access, onVisitor: (visit) => this.receive(visit), onChange });
  }

  get status(): HostStatus {
    return this.#host.status();
  }

  /** Of all visitors. */
  get streamStats(): StreamStats[] {
    return [...this.#sessions.values()].flatMap(({ session }) => session.streamStats);
  }

  start(): void {
    this.#host.start();
  }

  stop(): void {
    this.#holders.stop();
    for (const { session } of [...this.#sessions.values()]) session.end(END.done);
    this.#host.stop();
  }

  /** Who may visit from now on, as `ServiceHost.invite`; sessions of those who may not end. */
  invite(invitations: readonly ServiceInvitation[] | undefined): void {
    this.#host.invite(invitations);
    if (invitations === undefined) return;
    for (const { session, guest } of [...this.#sessions.values()]) {
      const isWelcome = guest !== undefined && invitations.some(({ secret }) => equal(secret, guest.invitation.secret));
      if (!isWelcome) session.end(END.refused);
    }
  }

  /** A visitor has come in; a session that is known goes on, unless it is another visitor's. */
  receive(visit: Visit): void {
    const known = this.#sessions.get(hex(visit.sessionId));
    if (known !== undefined && !isSame(known.guest, visit.guest)) return visit.pipe.close(CLOSE.ended);
    this.#holders.admit(visit, () => this.#letIn(visit));
  }

  #letIn(visit: Visit): void {
    const key = hex(visit.sessionId);
    const known = this.#sessions.get(key);
    // Its visitor has left that way: a hop held it up.
    if (known !== undefined && visit.number <= known.number) return visit.pipe.close(CLOSE.ended);
    if (known !== undefined) known.number = visit.number;
    if (known === undefined && this.#sessions.size >= HOST_SESSIONS_MAX && !this.#endIdle()) return visit.pipe.close(CLOSE.budget);
    const session = known?.session ?? this.#newSession(key, visit);
    // What comes with a new path is no part of the old one, whose end may not have been heard of yet: else the session would wait for what has come.
    session.detach();
    session.acceptEarly(visit.messages);
    session.attach(visit.pipe);
    if (visit.guest !== undefined && !session.ended) this.#holders.onPath(visit.guest, session);
  }

  /** The oldest session without a stream makes room: else those who come and stay would shut the door to all others. */
  #endIdle(): boolean {
    for (const { session } of this.#sessions.values()) {
      if (session.stats.streams > 0) continue;
      session.end(END.done);
      return true;
    }
    return false;
  }

  #newSession(key: string, { sessionId, number, guest }: Visit): Session {
    const session: Session = new Session(this.#deps.env, {
      opener: false,
      id: sessionId,
      unsent: this.#unsent,
      onStream: (stream) => this.#serve(stream, session),
      ...(guest === undefined ? {} : { onHolder: (message) => this.#holders.onTold(guest, session, message) }),
      onEnd: () => {
        this.#sessions.delete(key);
        if (guest !== undefined) this.#holders.onEnd(guest, session);
      },
    });
    this.#sessions.set(key, { session, number, guest });
    return session;
  }

  #serve(stream: SessionStream, session: object): void {
    const handler = this.#handlers[stream.kind];
    if (handler === undefined) stream.reset(END.refused);
    else handler(stream, session);
  }
}

function isSame(one: Guest | undefined, other: Guest | undefined): boolean {
  return one?.holder === other?.holder && one?.invitation.name === other?.invitation.name;
}
