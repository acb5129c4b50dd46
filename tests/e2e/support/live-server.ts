/** A web server of the ordinary kind, as somebody would put it behind `gnet expose`; it remembers what it was asked. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { noisePicture } from './network.ts';

const SOUND = readFileSync(fileURLToPath(new URL('../../../node/demo-site/listen/night-relay.wav', import.meta.url)));
export const LARGE = noisePicture('live', 20_000_000);

const ZIP = { 'Content-Type': 'application/zip', 'Content-Disposition': 'attachment; filename="all of it.zip"' };

export class LiveServer {
  readonly asked: IncomingMessage[] = [];
  readonly said: string[] = [];
  port = 0;
  #server: Server | undefined;

  /** At the port that it had before. */
  async start(): Promise<void> {
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = (this.#server.address() as AddressInfo).port;
  }

  /** As a process that is killed: connections break off where they are. */
  async die(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve) ?? resolve(undefined));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.asked.push(request);
    const [path] = (request.url ?? '').split('?');
    const page = (html: string): unknown => response.end(`<!doctype html>${html}`); // like many, it does not say what it sends
    if (request.method === 'POST') return void (await this.#post(request, response));
    if (path === '/') page(this.#home(request.headers.host as string));
    else if (path === '/picture.bmp') response.setHeader('Content-Type', 'image/bmp').end(LARGE);
    else if (path === '/sound.wav') this.#sound(request, response);
    // As 'python3 -m http.server' does: no ranges.
    else if (path === '/plain.wav') response.writeHead(200, { 'Content-Type': 'audio/x-wav', 'Content-Length': SOUND.length }).end(SOUND);
    else if (path === '/listen') page('<h1>Listen</h1><audio controls src="plain.wav"></audio>');
    else if (path === '/plain.css') response.end('h1 { color: rgb(1, 2, 3) }');
    else if (path === '/old') response.writeHead(302, { Location: `http://${request.headers.host}/new?x=1` }).end();
    else if (path === '/new') this.#compressed(request, response, '<h1>New place</h1>');
    else if (path === '/to-80') response.writeHead(302, { Location: `http://${request.headers.host?.split(':')[0]}/new` }).end();
    else if (path === '/circle') response.writeHead(302, { Location: '/circle' }).end();
    else if (path === '/away') response.writeHead(302, { Location: 'https://example.org/there' }).end();
    else if (path === '/large') page('<h1>Large</h1><img src="picture.bmp" alt="noise">');
    else if (path === '/half') response.writeHead(200, { 'Content-Length': 1000, 'Content-Type': 'text/html' }).write('<h1>Ha');
    else if (path === '/file.zip') response.writeHead(200, ZIP).end(LARGE.subarray(0, 3_000_000));
    else if (path === '/breaks.zip') this.#breaks(request, response);
    else response.writeHead(404).end('<h1>Lost here</h1>');
  }

  /** As most servers do where a browser asks for it. */
  #compressed({ headers }: IncomingMessage, response: ServerResponse, html: string): void {
    if (headers['accept-encoding'] !== 'gzip') return void response.writeHead(406).end('<h1>Asked otherwise</h1>');
    response.setHeader('Content-Encoding', 'gzip').end(gzipSync(html));
  }

  #home(host: string): string {
    const said = this.said.map((words) => `<li>${words.replace(/</g, '&lt;')}</li>`).join('');
    return `<title>Guest book</title><link rel="stylesheet" href="plain.css"><h1>Guest book</h1><ul>${said}</ul>
      <form method="post"><input name="words"><button id="say">Say it</button></form>
      <form method="post" action="/count"><input name="words" value="abc"><button id="count">Count</button></form>
      <a id="new" href="http://${host}/new">by its full name</a> <audio controls src="sound.wav"></audio>
      <script>document.title = document.cookie = 'ran=1'</script>`;
  }

  async #post(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const part of request) body += part;
    const words = new URLSearchParams(body).get('words') ?? '';
    if (request.url === '/count') return void response.end(`<h1>${words.length} letters</h1>`);
    this.said.push(words);
    response.writeHead(303, { Location: '/', 'Set-Cookie': 'visitor=1' }).end();
  }

  /** The first half, and then the server is killed; who asks for the rest of the same gets it. */
  #breaks({ headers }: IncomingMessage, response: ServerResponse): void {
    const whole = LARGE.subarray(0, 3_000_000);
    const tagged = { 'Content-Type': 'application/zip', ETag: '"first"' };
    const from = headers['if-range'] === '"first"' ? Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1]) : 0;
    if (from > 0) {
      const range = `bytes ${from}-${whole.length - 1}/${whole.length}`;
      response.writeHead(206, { ...tagged, 'Content-Range': range, 'Content-Length': whole.length - from }).end(whole.subarray(from));
    } else response.writeHead(200, { ...tagged, 'Content-Length': whole.length }).write(whole.subarray(0, whole.length / 2));
  }

  #sound(request: IncomingMessage, response: ServerResponse): void {
    const [, from = '0', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const last = to === '' ? SOUND.length - 1 : Number(to);
    response.writeHead(request.headers.range === undefined ? 200 : 206, {
      'Content-Type': 'audio/wav',
      'Accept-Ranges': 'bytes',
      'Content-Length': last - Number(from) + 1,
      'Set-Cookie': 'part=1',
      Link: '<https://example.org/>; rel=preconnect',
      ...(request.headers.range === undefined ? {} : { 'Content-Range': `bytes ${from}-${last}/${SOUND.length}` }),
    });
    response.end(SOUND.subarray(Number(from), last + 1));
  }
}
