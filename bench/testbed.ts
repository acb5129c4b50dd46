/** A network on loopback for benches: relays in processes of their own, each behind a delay proxy where a round trip is wanted. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { RELAY_ENVIRONMENT, RELAY_NODE_FLAGS } from '../node/child.ts';
import { root } from '../tools/paths.ts';
import { ensureBuilt } from '../tools/ensure.mjs';

/** A JSON line of a `gnet` command, or the plain line of another program as `text`. */
type Line = Record<string, unknown>;

/** A process that ends with this one, and what it says. */
export class Child {
  readonly process: ChildProcess;
  readonly #lines: Line[] = [];
  #wake: () => void = () => undefined;

  constructor(
    readonly name: string,
    args: readonly string[],
  ) {
    this.process = spawn(process.execPath, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      env: { ...RELAY_ENVIRONMENT, ...process.env },
    });
    createInterface({ input: this.process.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      this.#lines.push(line.startsWith('{') ? (JSON.parse(line) as Line) : { text: line });
      this.#wake();
    });
    this.process.on('exit', () => this.#wake());
  }

  /** The first line with this field. @throws Error when the process ends without. */
  async line(field: string): Promise<Line> {
    for (;;) {
      const found = this.#lines.find((line) => field in line);
      if (found !== undefined) return found;
      if (this.process.exitCode !== null) throw new Error(`${this.name} ended: ${JSON.stringify(this.#lines.at(-1))}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** What it answers to a word, where it listens to one. */
  ask(): Promise<unknown> {
    const answered = new Promise((resolve) => this.process.once('message', resolve));
    this.process.send('ask');
    return answered;
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGTERM');
    const hard = setTimeout(() => this.process.kill('SIGKILL'), 4000);
    await ended;
    clearTimeout(hard);
  }
}

export interface TestbedOptions {
  readonly relays: number;
  /** Round trip of every link; 0: no proxies. */
  readonly roundTripMs: number;
  /** For `node` in the relays' processes. */
  readonly nodeFlags?: readonly string[];
}

export interface Testbed {
  readonly folder: string;
  readonly bootstraps: string[];
  readonly relays: readonly Child[];
  /** A `gnet` command of this network. */
  gnet(name: string, args: readonly string[]): Child;
  /** A port from which `links` proxies in a row lead to `target`. */
  proxied(target: number, links: number): Promise<number>;
  /** A byte's round trip through `links` proxies in a row, ms: the floor of anything that takes a path's round trip. Median of `rounds`. */
  pathRoundTripMs(links: number, rounds: number): Promise<number>;
  stop(): Promise<void>;
}

const BOOTSTRAPS = 2;
const GNET = join('dist', 'node', 'gnet.js');

export async function startTestbed(options: TestbedOptions): Promise<Testbed> {
  await ensureBuilt();
  const folder = mkdtempSync(join(tmpdir(), 'gnet-bench-'));
  const children: Child[] = [];
  const start = (name: string, args: readonly string[]): Child => {
    const child = new Child(name, args);
    children.push(child);
    return child;
  };
  const gnet = (name: string, args: readonly string[]): Child =>
    start(name, [...RELAY_NODE_FLAGS, ...(options.nodeFlags ?? []), GNET, ...args, '--data', folder, '--json', '--leashed']);
  const proxies = async (routes: readonly string[]): Promise<void> => {
    if (routes.length === 0) return;
    await start('delay proxy', ['--import', 'tsx', 'bench/delay-proxy.ts', String(options.roundTripMs / 2), ...routes]).line('text');
  };
  const proxied = async (target: number, links: number): Promise<number> => {
    const chain = [...(await freePorts(links)), target];
    await proxies(chain.slice(0, links).map((port, i) => `127.0.0.1:${port}=127.0.0.1:${chain[i + 1]}`));
    return chain[0] as number;
  };
  const ports = await freePorts(options.relays);
  const listens = ports.map((port, i) => `127.${80 + i}.0.1:${port}`);
  const published = options.roundTripMs === 0 ? listens : ports.map((port, i) => `127.${40 + i}.0.1:${port}`);
  if (options.roundTripMs > 0) await proxies(published.map((at, i) => `${at}=${listens[i]}`));
  const bootstraps = published.slice(0, BOOTSTRAPS).map((at) => `ws://${at}`);
  const relay = (i: number, joins: readonly string[]): Child =>
    gnet(`relay-${i}`, [
      ...['relay', '--listen', listens[i] as string, '--advertise', published[i] as string, '--name', `relay-${i}`],
      ...['--stable', '--no-webrtc', ...joins.flatMap((url) => ['--join', url])],
    ]);
  const relays = listens.slice(0, BOOTSTRAPS).map((_, i) => relay(i, []));
  await Promise.all(relays.map((child) => child.line('listens')));
  for (let i = BOOTSTRAPS; i < options.relays; i++) relays.push(relay(i, bootstraps));
  await Promise.all(relays.map((child) => child.line('listens')));
  return {
    folder,
    bootstraps,
    relays,
    gnet,
    proxied,
    async pathRoundTripMs(links, rounds) {
      const [target] = (await freePorts(1)) as [number];
      return echoMs(await proxied(target, links), target, rounds);
    },
    async stop() {
      await Promise.all(children.map((child) => child.stop()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer();
      return new Promise<typeof server>((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Times of one byte there and back, over a connection that stands. */
async function echoMs(port: number, target: number, rounds: number): Promise<number> {
  const server = createServer((socket) => void socket.setNoDelay(true).pipe(socket));
  await new Promise<void>((resolve) => server.listen(target, '127.0.0.1', resolve));
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  const times: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const startMs = performance.now();
    await answer(socket);
    if (round > 0) times.push(performance.now() - startMs); // the first opens the connections
  }
  socket.destroy();
  server.close();
  return times.sort((a, b) => a - b)[times.length >> 1] as number;
}

function answer(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('data', () => resolve());
    socket.once('error', reject);
    socket.write('x');
  });
}
