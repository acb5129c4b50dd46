import { hex } from '../bytes/bytes.ts';
import type { Identity } from '../crypto/identity.ts';
import type { DhtAccess } from '../dht/index.ts';
import { type SiteContent, SiteServer } from '../packs/index.ts';
import { type HostStatus, ServiceHost, type ServiceDeps, type Visit } from '../service/index.ts';
import { Session, type SessionStream } from '../stream/index.ts';
import { CLOSE, END, STREAM } from '../wire/registry.ts';
import { HOST_SESSIONS_MAX } from './constants.ts';
import { HeadPublisher } from './heads.ts';

/** A hidden site of ours: visitors' sessions, which outlive their paths, what they are served, and the heads that name its newest version. */
export class SiteHost {
  readonly server: SiteServer;
  readonly #deps: ServiceDeps;
  readonly #host: ServiceHost;
  readonly #heads: HeadPublisher;
  readonly #sessions = new Map<string, Session>();

  constructor(
    deps: ServiceDeps,
    dht: DhtAccess,
    identity: Identity,
    content: SiteContent,
    onChange: () => void,
  ) {
    this.#deps = deps;
    this.server = new SiteServer(deps.env, content);
    this.#heads = new HeadPublisher(dht, identity, content.manifest, (head) => this.server.publish({ ...content, head: head.bytes }));
    this.#host = new ServiceHost(deps, { identity, onVisitor: (visit) => this.#receive(visit), onChange });
  }

  get status(): HostStatus {
    return this.#host.status();
  }

  start(): void {
    this.#host.start();
    this.#heads.start();
  }

  stop(): void {
    for (const session of [...this.#sessions.values()]) session.end(END.done);
    this.#host.stop();
    this.#heads.stop();
  }

  #receive(visit: Visit): void {
    const key = hex(visit.sessionId);
    const known = this.#sessions.get(key);
    if (known === undefined && this.#sessions.size >= HOST_SESSIONS_MAX) return visit.pipe.close(CLOSE.budget);
    const session = known ?? this.#newSession(key, visit.sessionId);
    session.acceptEarly(visit.messages);
    session.attach(visit.pipe);
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
    if (stream.kind === STREAM.site) void this.server.serve(stream);
    else stream.reset(END.refused);
  }
}
