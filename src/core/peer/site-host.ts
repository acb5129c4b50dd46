import type { Identity } from '../crypto/identity.ts';
import type { DhtAccess } from '../dht/index.ts';
import { type SiteContent, SiteServer } from '../packs/index.ts';
import type { HostStatus, ServiceDeps, ServiceInvitation } from '../service/index.ts';
import type { SessionStream, StreamStats } from '../stream/index.ts';
import { STREAM } from '../wire/registry.ts';
import { HeadPublisher } from './heads.ts';
import { type HostingOptions, SessionHost } from './session-host.ts';

/** A hidden site of ours: what its visitors are served, and the heads that name its newest version. */
export class SiteHost {
  readonly kind = 'site';
  readonly server: SiteServer;
  readonly #host: SessionHost;
  readonly #heads: HeadPublisher;

  constructor(deps: ServiceDeps, dht: DhtAccess, identity: Identity, content: SiteContent, onChange: () => void, options?: HostingOptions) {
    this.server = new SiteServer(deps.env, content);
    this.#heads = new HeadPublisher(dht, identity, content.manifest, (head) => this.server.publish({ ...content, head: head.bytes }));
    const handlers = { [STREAM.site]: (stream: SessionStream) => void this.server.serve(stream) };
    this.#host = new SessionHost(deps, identity, handlers, onChange, options);
  }

  get title(): string {
    return this.server.content.manifest.title;
  }

  get status(): HostStatus {
    return this.#host.status;
  }

  get streamStats(): StreamStats[] {
    return this.#host.streamStats;
  }

  /** As `SessionHost.invite`. */
  invite(invitations: readonly ServiceInvitation[] | undefined): void {
    this.#host.invite(invitations);
  }

  start(): void {
    this.#host.start();
    this.#heads.start();
  }

  stop(): void {
    this.#host.stop();
    this.#heads.stop();
  }
}
