import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { GlobalNetError } from '../src/core/bytes/errors.ts';

const FIRST_PORT = 9001;
/** Where a local network marks its port as taken before its relays listen: two that start at once must not find the same one free. */
const MARK_HOST = '127.9.0.1';

export interface RelayPort {
  readonly port: number;
  /** Lets another local network have it. */
  release(): void;
}

/**
 * A port that is free on all these hosts: the one used last time where it is, since a relay's identity belongs to its address.
 * @throws GlobalNetError `unsupported` where the machine has no such addresses, `busy` when no port is free.
 */
export async function relayPort(dataFolder: string, hosts: readonly string[]): Promise<RelayPort> {
  const path = join(dataFolder, 'relay-port');
  const before = Number(readOr(path, ''));
  const isPort = Number.isInteger(before) && before > 0 && before < 65536;
  for (let port = isPort ? before : FIRST_PORT; port < 65536; port++) {
    const mark = await listen(MARK_HOST, port);
    if (mark === undefined) continue;
    if (!(await isFree(port, hosts))) {
      mark.close();
      continue;
    }
    writeFileSync(path, `${port}\n`, { mode: 0o600 });
    return { port, release: () => mark.close() };
  }
  throw new GlobalNetError('busy', `no port from ${isPort ? before : FIRST_PORT} on is free on all of ${hosts.join(', ')}`);
}

async function isFree(port: number, hosts: readonly string[]): Promise<boolean> {
  const servers = await Promise.all(hosts.map((host) => listen(host, port)));
  await Promise.all(servers.map((server) => server && new Promise((closed) => server.close(closed))));
  return servers.every((server) => server !== undefined);
}

function listen(host: string, port: number): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EADDRNOTAVAIL') return resolve(undefined);
      // Linux and Windows listen on all of 127.0.0.0/8; macOS on 127.0.0.1 alone, until told otherwise.
      const message = `the local network's relays listen on addresses such as ${host}, which this machine lacks: on macOS, 'sudo ifconfig lo0 alias ${host}' adds one, and each of 127.9.0.1 to 127.19.0.1 is needed`;
      reject(new GlobalNetError('unsupported', message, { cause }));
    });
    server.listen(port, host, () => resolve(server));
  });
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}
