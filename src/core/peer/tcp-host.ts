import type { Identity } from '../crypto/identity.ts';
import type { HostStatus, ServiceDeps, ServiceInvitation } from '../service/index.ts';
import type { SessionStream, StreamStats } from '../stream/index.ts';
import { END, STREAM } from '../wire/registry.ts';
import { decodeTcpRequest, type TcpRequest } from '../wire/tcp.ts';
import { type HostingOptions, SessionHost } from './session-host.ts';

export interface TcpService {
  /** For the panel. */
  readonly title: string;
  /** A visitor wants a connection: `accept` the stream once it stands, or reset it with the reason why it does not. */
  onConnection(stream: SessionStream, request: TcpRequest): void;
}

/** A hidden service of ours whose streams are TCP connections; who makes them is the platform's affair. */
export class TcpHost {
  readonly kind = 'tcp';
  readonly title: string;
  readonly #host: SessionHost;

  constructor(deps: ServiceDeps, identity: Identity, service: TcpService, onChange: () => void, options?: HostingOptions) {
    this.title = service.title;
    this.#host = new SessionHost(deps, identity, { [STREAM.tcp]: (stream) => receive(service, stream) }, onChange, options);
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

function receive(service: TcpService, stream: SessionStream): void {
  let request: TcpRequest;
  try {
    request = decodeTcpRequest(stream.request);
  } catch {
    return stream.reset(END.malformed);
  }
  service.onConnection(stream, request);
}
