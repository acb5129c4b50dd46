import type { Identity } from '../crypto/identity.ts';
import { type Inbox, InboxReception } from '../inbox/index.ts';
import type { HostStatus, ServiceDeps, ServiceInvitation } from '../service/index.ts';
import type { StreamStats } from '../stream/index.ts';
import { STREAM } from '../wire/registry.ts';
import { type HostingOptions, SessionHost } from './session-host.ts';

export interface InboxService extends Inbox {
  /** For the panel. */
  readonly title: string;
}

/** A hidden service of ours that takes messages; where they are kept is the platform's affair. */
export class InboxHost {
  readonly kind = 'inbox';
  readonly title: string;
  readonly #host: SessionHost;

  constructor(deps: ServiceDeps, identity: Identity, service: InboxService, onChange: () => void, options?: HostingOptions) {
    this.title = service.title;
    const reception = new InboxReception(deps.env, identity.publicKey, service);
    this.#host = new SessionHost(
      deps,
      identity,
      { [STREAM.message]: (stream, session) => void reception.receive(stream, session) },
      onChange,
      options,
    );
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
  }

  stop(): void {
    this.#host.stop();
  }
}
