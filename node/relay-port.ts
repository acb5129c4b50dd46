import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

const FIRST_PORT = 9001;

/**
 * A port that is free on all these hosts: the one used last time where it is, since a relay's identity belongs to its address.
 */
export async function relayPort(dataFolder: string, hosts: readonly string[]): Promise<number> {
  const path = join(dataFolder, 'relay-port');
  const before = Number(readOr(path, ''));
  const isPort = Number.isInteger(before) && before > 0 && before < 65536;
  let port = isPort ? before : FIRST_PORT;
  while (!(await isFree(port, hosts))) port++;
  writeFileSync(path, `${port}\n`, { mode: 0o600 });
  return port;
}

async function isFree(port: number, hosts: readonly string[]): Promise<boolean> {
  const free = await Promise.all(hosts.map((host) => canListen(host, port)));
  return free.every(Boolean);
}

function canListen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}
