import type { Identity } from '../crypto/identity.ts';
import type { DhtAccess } from '../dht/index.ts';
import { type SiteContent, SiteServer } from '../packs/index.ts';
import type { HostStatus, ServiceDeps } from '../service/index.ts';
import type { StreamStats } from '../stream/index.ts';
import { STREAM } from '../wire/registry.ts';
import { HeadPublisher } from './heads.ts';
import { SessionHost } from './session-host.ts';

/** A hidden site of ours: what its visitors are served, and the heads that name its newest version. */
export class SiteHost {
  readonly kind = 'site';
  readonly server: SiteServer;
  readonly #host: SessionHost;
  readonly #heads: HeadPublisher;

  constructor(deps: ServiceDeps, dht: DhtAccess, identity: Identity, content: SiteContent, onChange: () => void) {
    this.server = new SiteServer(deps.env, content);
    this.#heads = new HeadPublisher(dht, identity, content.manifest, (head) => this.server.publish({ ...content, head: head.bytes }));
    this.#host = new SessionHost(deps, identity, { [STREAM.site]: (stream) => void this.server.serve(stream) }, onChange);
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

  start(): void {
    this.#host.start();
    this.#heads.start();
  }

  stop(): void {
    this.#host.stop();
    this.#heads.stop();
  }
}
