import type { TcpService } from '../../src/core/peer/index.ts';
import type { SessionStream } from '../../src/core/stream/index.ts';
import { END } from '../../src/core/wire/registry.ts';
import { CONNECT_TIMEOUT_MS, EXPOSED_CONNECTIONS_MAX } from './constants.ts';
import { dial } from './dial.ts';
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
  /** A connection was refused for want of room, and why: the same words each time. */
  onFull?(why: string): void;
}

/** Hands a visitor's connections to a TCP service on this side. */
export function exposed({ host, port, ports, connectionsMax = EXPOSED_CONNECTIONS_MAX, total, name, onFull }: ExposeOptions): TcpService {
  const own = new ConnectionLimit(connectionsMax);
  const leave = (): void => {
    own.leave();
    total?.leave();
  };
  const title = name === undefined ? `${host}:${port}` : `${name} (${host}:${port})`;
  const refuse = (stream: SessionStream, limit: ConnectionLimit): void => {
    const whose = limit === total ? 'all services together have' : `${title} has`;
    onFull?.(`${whose} ${limit.max} connections open, and no more are taken: a visitor was refused one`);
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
      void serve(stream, host, port).finally(leave);
    },
  };
}

/** Never rejects. */
async function serve(stream: SessionStream, host: string, port: number): Promise<void> {
  const dialled = await dial(host, port, CONNECT_TIMEOUT_MS);
  if (!(dialled instanceof SocketBytes)) return stream.reset(dialled);
  await acceptAndJoin(dialled, stream);
}
