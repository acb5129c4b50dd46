import { GlobalNetError } from '../../src/core/bytes/errors.ts';

export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/** `80`, `127.0.0.1:8080`, `localhost:8080` or `[::1]:8080`; a port alone is on 127.0.0.1. @throws GlobalNetError `malformed`. */
export function targetOf(text: string): HostAndPort {
  const found = /^(?:(?:\[([\da-fA-F:.]+)\]|([\w.-]+)):)?(\d{1,5})$/.exec(text);
  if (found === null) throw new GlobalNetError('malformed', `a local service is a port, or host:port, not '${text}'`);
  return { host: found[1] ?? found[2] ?? '127.0.0.1', port: portOf(found[3] as string) };
}

/** @throws GlobalNetError `malformed`. */
export function portOf(text: string, least = 1): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port >= least && port <= 65535) return port;
  throw new GlobalNetError('malformed', `a port is a number from ${least} to 65535, not '${text}'`);
}

/** Where to listen: an IP address and a port, or a port alone on 127.0.0.1; 0 is any free one. @throws GlobalNetError `malformed`. */
export function listenOf(text: string): HostAndPort {
  const found = /^(?:(?:\[([\da-fA-F:.]+)\]|([\d.]+)):)?(\d+)$/.exec(text);
  if (found === null)
    throw new GlobalNetError('malformed', `where to listen is a port, or an IP address and a port, such as 127.0.0.1:9050; not '${text}'`);
  return { host: found[1] ?? found[2] ?? '127.0.0.1', port: portOf(found[3] as string, 0) };
}

/** As it stands in a URL. */
export function hostAndPort({ host, port }: HostAndPort): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

export function isLoopback(host: string): boolean {
  return host === '::1' || host.startsWith('127.');
}
