import type { Identity } from '../crypto/identity.ts';
import type { DhtAccess } from '../dht/index.ts';
import { type SiteContent, SiteServer } from '../packs/index.ts';
import type { ServiceDeps } from '../service/index.ts';
import { STREAM } from '../wire/registry.ts';
import { HeadPublisher } from './heads.ts';
import type { Peer } from './peer.ts';
import { type HostingOptions, SessionHost } from './session-host.ts';

/** Serves a site at the identity's address until the peer stops. */
export function hostSite(peer: Pick<Peer, 'host'>, identity: Identity, content: SiteContent, options?: HostingOptions): SiteHost {
  return peer.host((deps, onChange, dht) => new SiteHost(deps, dht, identity, content, onChange, options));
}

/** A hidden site of ours: what its visitors are served, and the heads that name its newest version. */
export class SiteHost extends SessionHost {
  readonly kind = 'site';
  readonly server: SiteServer;
  readonly #heads: HeadPublisher;

  constructor(deps: ServiceDeps, dht: DhtAccess, identity: Identity, content: SiteContent, onChange: () => void, options?: HostingOptions) {
    const server = new SiteServer(deps.env, content);
    super(deps, identity, { [STREAM.site]: (stream) => void server.serve(stream) }, onChange, options);
    this.server = server;
    this.#heads = new HeadPublisher(dht, identity, content.manifest, (head) => server.publish({ ...content, head: head.bytes }));
  }

  get title(): string {
    return this.server.content.manifest.title;
  }

  override start(): void {
    super.start();
    this.#heads.start();
  }

  override stop(): void {
    super.stop();
    this.#heads.stop();
  }
}
