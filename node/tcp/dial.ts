import { connect, type Socket } from 'node:net';
import { END } from '../../src/core/wire/registry.ts';
import { isOutOfFiles } from '../open-files.ts';
import { SocketBytes } from './socket-bytes.ts';

/** Why there is no connection. */
export type DialFailure = typeof END.portClosed | typeof END.unreachable | typeof END.timeout | typeof END.full;

/** A connection that stands, or why it does not. Never rejects. */
export function dial(host: string, port: number, timeoutMs: number): Promise<SocketBytes | DialFailure> {
  const socket: Socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
  const bytes = new SocketBytes(socket);
  return new Promise((resolve) => {
    const timer = setTimeout(() => fail(END.timeout), timeoutMs);
    const fail = (reason: DialFailure): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(reason);
    };
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(bytes);
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) => fail(reasonOf(code)));
  });
}

function reasonOf(code: string | undefined): DialFailure {
  if (code === 'ECONNREFUSED') return END.portClosed;
  if (isOutOfFiles(code)) return END.full;
  return code === 'ETIMEDOUT' ? END.timeout : END.unreachable;
}
