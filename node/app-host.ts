import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import sirv from 'sirv';
import { GlobalNetError } from '../src/core/bytes/errors.ts';
import { appScriptHeaders, type Headers, keeperHeaders, shellHeaders } from '../src/shared/headers.ts';
import type { NetworkInfo } from '../src/shared/network-info.ts';
import { KEEPER_PAGE, KEEPER_SCRIPT, NOTHING_HERE_PAGE, SITE_WORKER } from '../src/shared/site-paths.ts';

/** Browsers resolve it and all names below it to loopback, and treat both as secure (RFC 6761 § 6.3). */
export const APP_HOST = 'gnet.localhost';

export interface AppHostOptions {
  /** 0: any free one. */
  port: number;
  /** The built app: `dist/app`. */
  folder: string;
  /** What `/network.json` says; asked at each request. */
  network: () => NetworkInfo;
  /** Without TLS, loopback only. */
  addresses?: readonly string[];
}

export interface AppHost {
  /** Open this. */
  readonly url: string;
  readonly port: number;
  /** One for each address, for whoever wants to hear their WebSocket upgrades too. */
  readonly servers: readonly Server[];
  close(): Promise<void>;
}

/**
 * Serves the built app on `gnet.localhost`, and on the names below it the few files that a site's origin needs to begin. It never
 * sees what is read: a site's service worker answers there, and what does come here for a site is told that nothing is here.
 * @throws GlobalNetError `busy` when the port is taken.
 */
export async function startAppHost(options: AppHostOptions): Promise<AppHost> {
  // `dev`: looked up at each request, as a new build may replace them while this runs.
  const files = sirv(options.folder, { dev: true, dotfiles: false, etag: true });
  const nothingHere = readFileSync(join(options.folder, NOTHING_HERE_PAGE));
  const addresses = options.addresses ?? ['127.0.0.1', '::1'];
  const servers: Server[] = [];
  let port = options.port;
  try {
    for (const address of addresses) {
      const server = createServer((request, response) => answer(request, response, { files, nothingHere, port, network: options.network }));
      if (await listen(server, port, address)) {
        servers.push(server);
        port = (server.address() as AddressInfo).port;
      }
    }
  } catch (error) {
    await Promise.all(servers.map(closed));
    throw error;
  }
  return { url: `http://${APP_HOST}:${port}/`, port, servers, close: async () => void (await Promise.all(servers.map(closed))) };
}

/** False on a machine without that address (IPv6 is often switched off). */
function listen(server: Server, port: number, address: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT') resolve(false);
      else if (error.code === 'EADDRINUSE' || error.code === 'EACCES') reject(portBusy(port, error));
      else reject(error);
    });
    server.listen(port, address, () => resolve(true));
  });
}

function portBusy(port: number, cause: NodeJS.ErrnoException): GlobalNetError {
  const why = cause.code === 'EACCES' ? 'may not be used by this user' : 'is in use by another program';
  return new GlobalNetError('busy', `Port ${port} ${why}. Choose another with --port, or stop what holds it.`, { cause });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

interface Context {
  files: ReturnType<typeof sirv>;
  /** The page for everything that a site's service worker should have answered. */
  nothingHere: Uint8Array;
  port: number;
  network: () => NetworkInfo;
}

function answer(request: IncomingMessage, response: ServerResponse, context: Context): void {
  // sirv hears no errors of the file it pipes: one that goes away in that moment must end the response, not the process.
  response.on('pipe', (file) => file.on('error', () => response.destroy()));
  if (request.method !== 'GET' && request.method !== 'HEAD') return void plain(response, 405, 'Only GET is answered here.\n');
  const name = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
  const appOrigin = `http://${APP_HOST}:${context.port}`;
  if (name === APP_HOST) return answerApp(request, response, context);
  if (name.endsWith(`.${APP_HOST}`)) return answerSite(request, response, context, appOrigin);
  if (name === 'localhost' || name === '127.0.0.1' || name === '[::1]') {
    response.writeHead(302, { Location: `${appOrigin}/`, 'Cache-Control': 'no-store' }).end();
    return;
  }
  // A foreign name that resolves to this machine (DNS rebinding) is shown nothing.
  plain(response, 421, `The app is at ${appOrigin}/\n`);
}

function answerApp(request: IncomingMessage, response: ServerResponse, context: Context): void {
  const path = pathOf(request);
  if (path === '/network.json') {
    setHeaders(response, { ...appScriptHeaders(), 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
    response.end(JSON.stringify(context.network()));
    return;
  }
  setHeaders(response, path.endsWith('.js') ? appScriptHeaders() : shellHeaders(`http://*.${APP_HOST}:${context.port}`));
  // A file under /assets/ carries its hash in its name; all others are asked for again.
  response.setHeader('Cache-Control', path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');
  context.files(request, response, () => plain(response, 404, 'There is no such file in the app.\n'));
}

const SITE_FILES = new Set([KEEPER_PAGE, KEEPER_SCRIPT, SITE_WORKER]);

function answerSite(request: IncomingMessage, response: ServerResponse, context: Context, appOrigin: string): void {
  setHeaders(response, keeperHeaders(appOrigin));
  const missing = () => plain(response, 404, 'Nothing is here. Sites are shown in the app.\n');
  if (SITE_FILES.has(pathOf(request))) return context.files(request, response, missing);
  response.statusCode = 404;
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.end(context.nothingHere);
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').replace(/[?#].*$/, '');
}

function setHeaders(response: ServerResponse, headers: Headers): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.end(text);
}
