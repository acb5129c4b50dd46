import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { type ErrorKind, GlobalNetError } from '../src/core/bytes/errors.ts';
import type { Transport } from '../src/core/ports.ts';
import { WS_OPTIONS, WsTransport } from './ws-transport.ts';

/** Proxies and address translators forget a silent TCP connection after a minute or so; a WebSocket ping is two bytes. */
const KEEP_OPEN_MS = 30_000;

export interface WsListenOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  onTransport(transport: Transport): void;
}

export interface WsListener {
  /** Host and port as they were bound. */
  readonly url: string;
  readonly port: number;
  /** Takes no more, and ends what is open. */
  close(): Promise<void>;
}

/** Answers WebSocket upgrades of an HTTP server that may serve other things too. */
export function attachWs(server: Server, onTransport: (transport: Transport) => void): { close(): void } {
  const sockets = new WebSocketServer({ ...WS_OPTIONS, server });
  sockets.on('connection', (socket: WebSocket, { url = '' }) => onTransport(WsTransport.accepted(socket, url)));
  sockets.on('error', () => {}); // the server's own errors, which its owner hears of
  const keepOpen = setInterval(() => {
    for (const socket of sockets.clients) socket.ping();
  }, KEEP_OPEN_MS);
  keepOpen.unref();
  return {
    close() {
      clearInterval(keepOpen);
      sockets.close();
      for (const socket of sockets.clients) socket.terminate();
    },
  };
}

const LISTEN_PROBLEMS: Record<string, [ErrorKind, string]> = {
  EADDRINUSE: ['busy', 'the port is in use'],
  EADDRNOTAVAIL: ['unsupported', 'this machine does not have that address'],
  ENOTFOUND: ['malformed', 'that is no address'],
  EACCES: ['refused', 'this user may not listen on that port'],
};

/** @throws GlobalNetError `busy` when the port is taken; `unsupported` for another reason not to listen there. */
export function listenWs({ host, port, onTransport }: WsListenOptions): Promise<WsListener> {
  const server = createServer((_request, response) => response.writeHead(426, { Connection: 'close', Upgrade: 'websocket' }).end());
  const sockets = attachWs(server, onTransport);
  return new Promise((resolve, reject) => {
    server.on('error', (cause: NodeJS.ErrnoException) => {
      sockets.close();
      const [kind, why] = LISTEN_PROBLEMS[cause.code ?? ''] ?? ['unsupported', cause.message];
      reject(new GlobalNetError(kind, `cannot listen on ${host}:${port}: ${why}`, { cause }));
    });
    server.listen(port, host, () => {
      const bound = (server.address() as AddressInfo).port;
      const name = host.includes(':') ? `[${host}]` : host;
      const close = (): Promise<void> =>
        new Promise((done) => {
          sockets.close();
          server.close(() => done());
        });
      resolve({ url: `ws://${name}:${bound}`, port: bound, close });
    });
  });
}
