import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { type HostAndPort, hostAndPort, isLoopback } from '../cli/tcp-target.ts';
import { listen } from '../tcp/listen.ts';
import { EXPOSITION_TYPE } from './exposition.ts';

/** A collector asks every some seconds, over one connection. */
const CONNECTIONS_MAX = 16;
const REQUEST_WITHIN_MS = 5_000;
const PATH = '/metrics';

export interface MetricsServer {
  readonly url: string;
  /** Others than programs of this machine reach it. */
  readonly isOpen: boolean;
  close(): void;
}

/** Serves what `text` answers to each GET of `/metrics`. @throws GlobalNetError `busy` | `refused` (the port). */
export async function startMetricsServer(at: HostAndPort, text: () => string): Promise<MetricsServer> {
  const server = createServer(
    { headersTimeout: REQUEST_WITHIN_MS, requestTimeout: REQUEST_WITHIN_MS, connectionsCheckingInterval: REQUEST_WITHIN_MS },
    (request, response) => answer(request, response, text),
  );
  server.maxConnections = CONNECTIONS_MAX;
  const port = await listen(server, at, 'choose another with --metrics=<port>');
  server.unref();
  return {
    url: `http://${hostAndPort({ host: at.host, port })}${PATH}`,
    isOpen: !isLoopback(at.host),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse, text: () => string): void {
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  if (!isOwnName(request.headers.host ?? '')) return say(response, 421, 'Ask by an IP address, or as localhost.\n');
  if (request.method !== 'GET' && request.method !== 'HEAD') return say(response, 405, 'Only GET is answered here.\n');
  if (request.url?.split('?', 1)[0] !== PATH) return say(response, 404, `The numbers are at ${PATH}\n`);
  response.setHeader('Content-Type', EXPOSITION_TYPE);
  response.end(text());
}

/** A page whose name was made to lead here (DNS rebinding) asks by that name; nobody can rebind an IP address. */
function isOwnName(host: string): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return name === 'localhost' || isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0;
}

function say(response: ServerResponse, status: number, words: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(words);
}
