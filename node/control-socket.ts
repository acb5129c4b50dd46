import { chmodSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { PeerStatus } from '../src/shared/peer-api.ts';

/** What one local process says of itself to `gnet status`. */
export interface ProcessStatus {
  pid: number;
  /** What it was started as: relay, bootstrap, seed, open. */
  role: string;
  rssBytes: number;
  listens: string | undefined;
  peer: PeerStatus;
}

const MAX_STATUS_BYTES = 1 << 20;
const ANSWER_WITHIN_MS = 2000;
/** `sun_path` of macOS is the shortest: 104 with the zero at its end; Linux takes 108. */
const PATH_MAX_BYTES = 103;

/**
 * A socket in the owner's own folder: whoever may open it may read all the files there too, so it asks for nothing more.
 * @param onError a socket cannot be had, as where the folder's path is too long for one: the peer runs without it.
 */
export function serveControlSocket(dataFolder: string, status: () => ProcessStatus, onError: (error: Error) => void): Server {
  const path = join(dataFolder, 'run', `${process.pid}.sock`);
  rmSync(path, { force: true }); // of an earlier process with this pid
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.end(`${JSON.stringify(status())}\n`);
  });
  server.on('error', onError);
  // A longer path is cut by the system, silently: the socket would lie somewhere else.
  if (Buffer.byteLength(path) > PATH_MAX_BYTES)
    onError(new Error(`the path of its socket is longer than ${PATH_MAX_BYTES} bytes: ${path}`));
  else server.listen(path, () => chmodSync(path, 0o600));
  server.unref();
  return server;
}

/** The status of the process behind a socket; undefined when it does not answer. A socket whose process has gone is removed. */
export function askControlSocket(path: string): Promise<ProcessStatus | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    let text = '';
    const finish = (): void => {
      socket.destroy();
      try {
        resolve(JSON.parse(text) as ProcessStatus);
      } catch {
        resolve(undefined);
      }
    };
    socket.setEncoding('utf8');
    socket.setTimeout(ANSWER_WITHIN_MS, finish);
    socket.on('data', (part: string) => {
      text += part;
      if (text.length > MAX_STATUS_BYTES) finish();
    });
    socket.on('end', finish);
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNREFUSED') rmSync(path, { force: true });
      finish();
    });
  });
}
