import { connect, type Socket } from 'node:net';
import type { TcpService } from '../../src/core/peer/index.ts';
import type { SessionStream } from '../../src/core/stream/index.ts';
import { END, type EndReason } from '../../src/core/wire/registry.ts';
import { CONNECT_TIMEOUT_MS, EXPOSED_CONNECTIONS_MAX } from './constants.ts';
import { join } from './join.ts';
import { SocketBytes } from './socket-bytes.ts';

/** So many connections at once, of all the services that share it. */
export class ConnectionLimit {
  #open = 0;

  constructor(private readonly max: number) {}

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
}

/** Hands a visitor's connections to a TCP service on this side. */
export function exposed({ host, port, ports, connectionsMax = EXPOSED_CONNECTIONS_MAX, total, name }: ExposeOptions): TcpService {
  const own = new ConnectionLimit(connectionsMax);
  const leave = (): void => {
    own.leave();
    total?.leave();
  };
  return {
    title: name === undefined ? `${host}:${port}` : `${name} (${host}:${port})`,
    onConnection(stream, asked) {
      if (!ports.has(asked.port)) return stream.reset(END.refused);
      if (!own.enter()) return stream.reset(END.full);
      if (total?.enter() === false) {
        own.leave();
        return stream.reset(END.full);
      }
      void serve(stream, host, port).finally(leave);
    },
  };
}

/** Never rejects. */
async function serve(stream: SessionStream, host: string, port: number): Promise<void> {
  const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
  const bytes = new SocketBytes(socket);
  const failure = await connected(socket);
  if (failure !== undefined) {
    stream.reset(failure);
    socket.destroy();
    return;
  }
  stream.accept();
  await join(bytes, stream);
}

/** Undefined once it stands, else why it does not. */
function connected(socket: Socket): Promise<EndReason | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(END.timeout), CONNECT_TIMEOUT_MS);
    const settle = (failure?: EndReason): void => {
      clearTimeout(timer);
      resolve(failure);
    };
    socket.once('connect', () => settle());
    socket.once('error', () => settle(END.unreachable));
  });
}
