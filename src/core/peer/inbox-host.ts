import type { Identity } from '../crypto/identity.ts';
import { type Inbox, InboxReception } from '../inbox/index.ts';
import type { ServiceDeps } from '../service/index.ts';
import type { SessionStream } from '../stream/index.ts';
import { STREAM } from '../wire/registry.ts';
import { type HostingOptions, SessionHost } from './session-host.ts';

export interface InboxService extends Inbox {
  /** For the panel. */
  readonly title: string;
}

/** A hidden service of ours that takes messages; where they are kept is the platform's affair. */
export class InboxHost extends SessionHost {
  readonly kind = 'inbox';
  readonly title: string;

  constructor(deps: ServiceDeps, identity: Identity, service: InboxService, onChange: () => void, options?: HostingOptions) {
    const reception = new InboxReception(deps.env, identity.publicKey, service);
    const onMessage = (stream: SessionStream, session: object): void => void reception.receive(stream, session);
    super(deps, identity, { [STREAM.message]: onMessage }, onChange, options);
    this.title = service.title;
  }
}
