/** `gnet proxy` and `gnet expose` under load, and before clients that do not behave: real processes and sockets. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Gnet, type Line } from '../e2e/support/gnet.ts';
import { type Network, noise, startNetwork } from '../e2e/support/network.ts';
import { until } from '../e2e/support/until.ts';

const STREAMS = 1_000;
const HALF_OPEN = 10_000;
const PIECE = noise('load', 4_000);
const BLOCK = Buffer.alloc(1 << 20, 7);
/** What the two messages of SOCKS that the proxy says have together. */
const SOCKS_BYTES = 12;

/** Answers each client with its own words and a piece behind; with `together` only once so many wait. With `endless` it never ends. */
class Service {
  readonly server = createServer({ allowHalfOpen: true }, (socket) => this.#serve(socket));
  readonly #together: (() => void)[] = [];
  readonly #sockets = new Set<Socket>();

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket)));
    socket.once('data', (heard) => {
      if (String(heard).startsWith('endless')) return this.#pour(socket);
      const answer = (): void => void socket.end(Buffer.concat([heard, PIECE]));
      if (!String(heard).startsWith('together')) return answer();
      if (this.#together.push(answer) === STREAMS) for (const each of this.#together.splice(0)) each();
    });
  }

  #pour(socket: Socket): void {
    while (socket.writable && socket.write(BLOCK));
    if (socket.writable) socket.once('drain', () => this.#pour(socket));
  }
}

describe('connections by the thousand, by gnet expose and gnet proxy', { timeout: 280_000 }, () => {
  const service = new Service();
  const started: Gnet[] = [];
  const clients = new Set<Socket>();
  let network: Network;
  let exposed: Gnet;
  let proxy: Gnet;
  let address: string;

  const start = (args: readonly string[], options = {}): Gnet => {
    const process = new Gnet([...args, '--json', '--data', network.dataFolder], options);
    started.push(process);
    return process;
  };
  const portOf = async (process: Gnet): Promise<number> => Number(String((await process.line('listens'))['listens']).split(':')[1]);
  const dial = (port: number): Socket => {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    clients.add(socket.on('error', () => undefined).on('close', () => clients.delete(socket)));
    return socket;
  };
  const hangUp = (): void => {
    for (const socket of clients) socket.destroy();
  };
  const ask = (port: number, words: string): Socket => {
    const socket = dial(port);
    const head = [5, 1, 0, 5, 1, 0, 3, address.length, ...Buffer.from(address), service.port >> 8, service.port & 255];
    socket.write(Buffer.concat([Buffer.from(head), Buffer.from(words)]));
    return socket;
  };
  /** Whether these words are answered as they should be. */
  const isAnswered = async (port: number, words: string): Promise<boolean> => {
    const socket = ask(port, words);
    socket.end();
    const parts: Buffer[] = [];
    try {
      for await (const part of socket) parts.push(part as Buffer);
    } catch {
      return false; // it broke off
    }
    return Buffer.concat(parts)
      .subarray(SOCKS_BYTES)
      .equals(Buffer.concat([Buffer.from(words), PIECE]));
  };
  const told = async (command: string, { pid }: Gnet): Promise<Line[]> => {
    const asked = new Gnet([command, '--pid', String(pid), '--json', '--data', network.dataFolder]);
    await asked.ended();
    return asked.lines;
  };
  const memoryOf = async (process: Gnet): Promise<number> => Number((await told('status', process))[0]?.['rssBytes']);
  const filesOf = ({ pid }: Gnet): number => readdirSync(`/proc/${pid}/fd`).length;
  const warnings = ({ lines }: Gnet): unknown[] => lines.flatMap((line) => line['warning'] ?? []);

  before(async () => {
    await new Promise<void>((resolve) => service.server.listen({ port: 0, host: '127.0.0.1', backlog: STREAMS }, resolve));
    network = await startNetwork();
    exposed = start(['expose', String(service.port)]);
    proxy = start(['proxy', '--listen', '127.0.0.1:0']);
    address = String((await exposed.line('address'))['address']);
  });
  after(async () => {
    hangUp();
    service.close();
    await Promise.all(started.map((process) => process.stop()));
    await network?.close();
  });

  it(`${STREAMS} at once, each with its own answer, byte for byte; nothing of them is left behind`, async () => {
    const port = await portOf(proxy);
    assert.ok(await isAnswered(port, 'first'));
    const files = [proxy, exposed].map(filesOf) as [number, number];
    const round = async (): Promise<[number, number]> => {
      const answers = await Promise.all(Array.from({ length: STREAMS }, (_, i) => isAnswered(port, `together ${i}`)));
      assert.equal(answers.filter((isRight) => isRight).length, STREAMS);
      for (const process of [proxy, exposed])
        await until('the end of all streams', async () => (await told('streams', process)).length === 0);
      return [await memoryOf(proxy), await memoryOf(exposed)];
    };
    const first = await round();
    await round();
    const last = await round();
    for (const i of [0, 1] as const) {
      assert.ok(last[i] < 1.5 * first[i], `memory grew from ${first[i]} to ${last[i]} bytes in two rounds more`);
      assert.ok(filesOf([proxy, exposed][i] as Gnet) <= files[i] + 8, 'files were left open');
    }
    assert.deepEqual([...warnings(proxy), ...warnings(exposed)], []);
  });

  it(`${HALF_OPEN} that say nothing, or half a greeting: who comes meanwhile is served, and who has been silent longest goes`, async () => {
    const port = await portOf(proxy);
    const before = await memoryOf(proxy);
    for (let i = 1; i <= HALF_OPEN; i++) {
      const socket = dial(port);
      if (i % 3 > 0) socket.write(Uint8Array.of(5, 2, 0).subarray(0, i % 3));
      if (i % 250 === 0) await once(socket, 'connect');
      if (i === HALF_OPEN / 2) assert.ok(await isAnswered(port, 'meanwhile'));
    }
    assert.ok(await isAnswered(port, 'then'));
    assert.match(warnings(proxy).join(), /those that have said nothing for longest make room$/);
    assert.ok(filesOf(proxy) < HALF_OPEN / 4, `${filesOf(proxy)} files are open`);
    assert.ok((await memoryOf(proxy)) < before + 150e6, `memory grew from ${before} bytes`);
    hangUp();
    await until('their end', async () => filesOf(proxy) < 100);
  });

  it('where few files may be open, it takes fewer connections, says so, and goes on', async () => {
    const low = start(['proxy', '--listen', '127.0.0.1:0', '--name', 'low'], { openFilesMax: 64 });
    const port = await portOf(low);
    for (let i = 1; i <= 1_000; i++) {
      const socket = dial(port);
      if (i % 100 === 0) await once(socket, 'connect');
    }
    assert.ok(await isAnswered(port, 'still here'));
    assert.match(
      String(warnings(low)[0]),
      /^this process may have 64 files open \(ulimit -n\): it takes \d+ connections at a time, not 2048$/,
    );
    assert.equal(low.stderr, '');
    hangUp();
    await low.stop();
  });

  it('clients that never read: neither side holds more than its windows, and others are served', async () => {
    const port = await portOf(proxy);
    const before = [await memoryOf(proxy), await memoryOf(exposed)];
    const count = 500;
    for (let i = 0; i < count; i++) ask(port, 'endless').pause();
    const received = async (): Promise<number> =>
      (await told('streams', proxy)).reduce((sum, line) => sum + Number(line['receivedBytes']), 0);
    // Twice the first windows of all: what comes beyond is in the kernel, or must wait.
    await until('windows that are full', async () => (await received()) > 2 * count * 16_384, { now: received });
    assert.ok(await isAnswered(port, 'meanwhile'));
    const grown = [await memoryOf(proxy), await memoryOf(exposed)].map((bytes, i) => bytes - (before[i] as number));
    const [atProxy, atService] = grown as [number, number];
    // Of a session: 32 MB of windows that have grown, at most. Of a service: 16 MB that wait to be sent, and 16 MB that nobody has acknowledged.
    assert.ok(atProxy < 32e6 + count * 150_000, `the proxy grew by ${atProxy} bytes`);
    assert.ok(atService < 32e6 + count * 300_000, `the exposing process grew by ${atService} bytes`);
    hangUp();
    await until('the end of all streams', async () => (await told('streams', proxy)).length === 0);
  });
});
