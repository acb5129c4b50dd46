import type { TcpService } from '../../src/core/peer/index.ts';
import type { SessionStream } from '../../src/core/stream/index.ts';
import { END } from '../../src/core/wire/registry.ts';
import { CONNECT_TIMEOUT_MS, EXPOSED_CONNECTIONS_MAX } from './constants.ts';
import { dial, type DialFailure } from './dial.ts';
import { acceptAndJoin } from './join.ts';
import { SocketBytes } from './socket-bytes.ts';

/** So many connections at once, of all the services that share it. */
export class ConnectionLimit {
  #open = 0;

  constructor(readonly max: number) {}

  get open(): number {
    return this.#open;
  }

  /** False when there is no room; else `leave` is owed. */
  enter(): boolean {
    if (this.#open >= this.max) return false;
    this.#open++;
    return true;
  }

  leave(): void {
    this.#open--;
  }
}

export interface ExposeOptions {
  readonly host: string;
  readonly port: number;
  /** Ports at which visitors may ask; all of them lead to `port`. */
  readonly ports: ReadonlySet<number>;
  readonly connectionsMax?: number;
  /** With other services of this process. */
  readonly total?: ConnectionLimit;
  readonly name?: string | undefined;
  /** A visitor was refused a connection, for want of room or of a service, and why: the same words each time. */
  onRefusal?(why: string): void;
}

/** Hands a visitor's connections to a TCP service on this side. */
export function exposed({
  host,
  port,
  ports,
  connectionsMax = EXPOSED_CONNECTIONS_MAX,
  total,
  name,
  onRefusal,
}: ExposeOptions): TcpService {
  const own = new ConnectionLimit(connectionsMax);
  const leave = (): void => {
    own.leave();
    total?.leave();
  };
  const title = name === undefined ? `${host}:${port}` : `${name} (${host}:${port})`;
  const refuse = (stream: SessionStream, limit: ConnectionLimit): void => {
    const whose = limit === total ? 'all services together have' : `${title} has`;
    onRefusal?.(`${whose} ${limit.max} connections open, and no more are taken: a visitor was refused one`);
    stream.reset(END.full);
  };
  return {
    title,
    onConnection(stream, asked) {
      if (!ports.has(asked.port)) return stream.reset(END.refused);
      if (!own.enter()) return refuse(stream, own);
      if (total?.enter() === false) {
        own.leave();
        return refuse(stream, total);
      }
      void serve(stream, host, port, (reason) => onRefusal?.(`${title} ${AWAY_IN_WORDS[reason]}: a visitor was refused`)).finally(leave);
    },
  };
}

/** Never rejects. */
async function serve(stream: SessionStream, host: string, port: number, onAway: (reason: DialFailure) => void): Promise<void> {
  const dialled = await dial(host, port, CONNECT_TIMEOUT_MS);
  if (dialled instanceof SocketBytes) return acceptAndJoin(dialled, stream);
  onAway(dialled);
  stream.reset(dialled);
}

/** What its owner has to know of the service that he exposes. */
const AWAY_IN_WORDS: Record<DialFailure, string> = {
  [END.portClosed]: 'is exposed, and nobody listens there',
  [END.unreachable]: 'is exposed, and cannot be reached',
  [END.timeout]: 'is exposed, and does not answer',
  [END.full]: 'was not connected to, as this process or machine has as many files open as it may (ulimit -n)',
};
