/** Git repositories by HTTP, as `git http-backend` serves them, and a page beside them. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

const PAGE = '<!doctype html><title>Notes</title><p id="said"></p><script src="say.js"></script>';
const SCRIPT = `document.getElementById('said').textContent = 'the script has run'`;

export class GitServer {
  readonly #server = createServer((request, response) => this.#answer(request, response));

  constructor(private readonly folder: string) {}

  /** The port on 127.0.0.1. */
  async start(): Promise<number> {
    mkdirSync(this.folder, { recursive: true });
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** A repository that everybody may push to, with one commit of these files. */
  async create(name: string, files: Record<string, string | Uint8Array>): Promise<void> {
    const work = mkdtempSync(join(this.folder, 'work-'));
    for (const [path, content] of Object.entries(files)) writeFileSync(join(work, path), content);
    const git = (...args: string[]) => execFileSync('git', ['-C', work, '-c', 'user.name=A', '-c', 'user.email=a@example.org', ...args]);
    git('init', '-q', '-b', 'main');
    git('add', '.');
    git('commit', '-q', '-m', 'First');
    git('clone', '-q', '--bare', work, join(this.folder, name));
    execFileSync('git', ['-C', join(this.folder, name), 'config', 'http.receivepack', 'true']);
  }

  async log(name: string): Promise<string> {
    return execFileSync('git', ['-C', join(this.folder, name), 'log', '--format=%s', 'main'], { encoding: 'utf8' });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    if (request.url === '/') response.writeHead(200, { 'Content-Type': 'text/html' }).end(PAGE);
    else if (request.url === '/say.js') response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(SCRIPT);
    else this.#run(request, response);
  }

  /** CGI: the request in the environment and on stdin, the answer on stdout behind a few header lines. */
  #run(request: IncomingMessage, response: ServerResponse): void {
    const [path = '', query = ''] = (request.url ?? '').split('?');
    const { 'content-type': type = '', 'content-encoding': encoding = '', 'git-protocol': protocol = '' } = request.headers;
    const env = {
      ...process.env,
      GIT_PROJECT_ROOT: this.folder,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_PROTOCOL: String(protocol),
      REQUEST_METHOD: request.method ?? 'GET',
      PATH_INFO: path,
      QUERY_STRING: query,
      CONTENT_TYPE: type,
      HTTP_CONTENT_ENCODING: encoding,
    };
    const child = spawn('git', ['http-backend'], { env, stdio: ['pipe', 'pipe', 'ignore'] });
    request.pipe(child.stdin.on('error', () => undefined));
    const parts: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => parts.push(part));
    child.on('close', () => {
      const whole = Buffer.concat(parts);
      const end = whole.indexOf('\r\n\r\n');
      const headers = whole
        .subarray(0, end)
        .toString('latin1')
        .split('\r\n')
        .map((line) => line.split(': ') as [string, string]);
      const status = headers.find(([name]) => name === 'Status')?.[1] ?? '200';
      response.writeHead(Number.parseInt(status, 10), Object.fromEntries(headers.filter(([name]) => name !== 'Status')));
      response.end(whole.subarray(end + 4));
    });
  }
}
