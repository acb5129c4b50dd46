import type { Identity } from '../crypto/identity.ts';
import type { ServiceDeps } from '../service/index.ts';
import type { SessionStream } from '../stream/index.ts';
import { END, STREAM } from '../wire/registry.ts';
import { decodeTcpRequest, type TcpRequest } from '../wire/tcp.ts';
import type { Peer } from './peer.ts';
import { type HostingOptions, SessionHost } from './session-host.ts';

export interface TcpService {
  /** For the panel. */
  readonly title: string;
  /** A visitor wants a connection: `accept` the stream once it stands, or reset it with the reason why it does not. */
  onConnection(stream: SessionStream, request: TcpRequest): void;
}

/** Takes TCP connections at the identity's address until the peer stops. */
export function hostTcp(peer: Pick<Peer, 'host'>, identity: Identity, service: TcpService, options?: HostingOptions): TcpHost {
  return peer.host((deps, onChange) => new TcpHost(deps, identity, service, onChange, options));
}

/** A hidden service of ours whose streams are TCP connections; who makes them is the platform's affair. */
export class TcpHost extends SessionHost {
  readonly kind = 'tcp';
  readonly title: string;

  constructor(deps: ServiceDeps, identity: Identity, service: TcpService, onChange: () => void, options?: HostingOptions) {
    super(deps, identity, { [STREAM.tcp]: (stream) => receive(service, stream) }, onChange, options);
    this.title = service.title;
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
