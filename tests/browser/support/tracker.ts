import { createServer, type Server } from 'node:net';

/** What reached one listener. */
export interface Hits {
  /** Bare TCP connections count: they show an IP address before any request. */
  connections: number;
  requests: string[];
}

/** Listeners on loopback, one for each vector, so that a connection without a request has a name too. */
export class Tracker {
  readonly #servers: Server[] = [];
  readonly hits = new Map<string, Hits>();

  /** @returns `http://127.0.0.1:<port>/` of a listener of its own. */
  async listener(name: string): Promise<string> {
    const hits: Hits = { connections: 0, requests: [] };
    this.hits.set(name, hits);
    const server = createServer((socket) => {
      hits.connections++;
      socket.on('error', () => {});
      socket.on('data', (data) => {
        hits.requests.push(data.toString('latin1').split('\r\n')[0] ?? '');
        // With CORS, so that what asks for it (fonts, manifests, module preloads) is not stopped by its lack.
        socket.end(
          'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok',
        );
      });
    });
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return `http://127.0.0.1:${address.port}/`;
  }

  reached(name: string): boolean {
    return (this.hits.get(name)?.connections ?? 0) > 0;
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}
