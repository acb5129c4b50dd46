/** Real sockets on both sides of one session in memory: a SOCKS client, the proxy, the session, the exposed service. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { concat, EMPTY, utf8 } from '../../src/core/bytes/bytes.ts';
import type { PeerId } from '../../src/core/bytes/brand.ts';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { ServiceSession } from '../../src/core/peer/index.ts';
import type { ServiceVisitor } from '../../src/core/service/index.ts';
import { Session } from '../../src/core/stream/index.ts';
import { HOLDER_TOKEN_BYTES } from '../../src/core/wire/geometry.ts';
import { END, HOLDER, STREAM } from '../../src/core/wire/registry.ts';
import { decodeTcpRequest, encodeTcpRequest } from '../../src/core/wire/tcp.ts';
import { ConnectionLimit, exposed, type RunningProxy, startProxy } from '../../node/tcp/index.ts';
import { until } from '../e2e/support/until.ts';
import { pipePair } from '../support/pipe-pair.ts';
import { realEnv } from '../support/real-env.ts';
import { all, echo } from '../support/sockets.ts';

const ADDRESS = `${'a'.repeat(56)}.gnet`;
const GET = `GET / HTTP/1.1\r\nHost: ${ADDRESS}\r\n\r\n`;

const closers: (() => unknown)[] = [];
after(() => closers.forEach((close) => void close()));

interface House {
  readonly proxy: RunningProxy;
  readonly service: { connections: number };
  readonly session: ServiceSession;
  readonly hosted: Session;
  /** What was sent before there was a path. */
  early(): string;
  /** What the proxy's user is told. */
  readonly warnings: string[];
  /** The same, of what a service has not. */
  readonly told: string[];
  /** The same, of connections that broke off in the network. */
  readonly broken: string[];
  /** What the service's owner is told. */
  readonly refusals: string[];
}

interface HouseOptions {
  readonly strict?: boolean;
  readonly connectionsMax?: number;
  readonly total?: ConnectionLimit;
  readonly clientsMax?: number;
  readonly answerWithinMs?: number;
  /** Where the service is taken to be; 127.0.0.1 unless said otherwise. */
  readonly host?: string;
  /** It takes streams, and says nothing. */
  readonly silent?: boolean;
}

/** A proxy before a service that does this with each connection; undefined: nobody listens. */
async function house(
  serve: ((socket: Socket) => void) | undefined,
  { strict = false, connectionsMax = 500, total, clientsMax, answerWithinMs, host = '127.0.0.1', silent = false }: HouseOptions = {},
): Promise<House> {
  const service = { connections: 0 };
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    service.connections++;
    socket.on('error', () => undefined);
    serve?.(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  if (serve === undefined) server.close();
  else closers.push(() => server.close());
  const [warnings, told, broken, refusals]: [string[], string[], string[], string[]] = [[], [], [], []];
  const tcp = exposed({
    host,
    port,
    ports: new Set([80]),
    connectionsMax,
    onRefusal: (why) => refusals.push(why),
    ...(total === undefined ? {} : { total }),
  });
  const hosted = new Session(realEnv, {
    opener: false,
    onStream: (stream) => silent || tcp.onConnection(stream, decodeTcpRequest(stream.request)),
  });
  let early: Uint8Array = EMPTY;
  const visitor: Pick<ServiceVisitor, 'find' | 'connect'> = {
    async find() {},
    async connect(_, { sessionId = EMPTY, messages }) {
      early = messages.slice();
      await wait(20);
      hosted.acceptEarly(messages);
      const { a: pipe, b: there } = pipePair(realEnv, { delayMs: 1 });
      hosted.attach(there);
      return { pipe, sessionId, messages: EMPTY, point: ADDRESS as string as PeerId, hops: [] };
    },
  };
  const session = new ServiceSession(realEnv, visitor, ADDRESS, {
    onPath: () => undefined,
    onPathLost: () => undefined,
    onContested: () => undefined,
  });
  const proxy = await startProxy({
    host: '127.0.0.1',
    port: 0,
    strict,
    onIpTarget: () => undefined,
    onExit: () => undefined,
    onBroken: (why) => broken.push(why),
    onWarning: (why) => warnings.push(why),
    onNothingThere: (why) => told.push(why),
    onRefused: (why) => warnings.push(why),
    ...(clientsMax === undefined ? {} : { connectionsMax: clientsMax }),
    ...(answerWithinMs === undefined ? {} : { answerWithinMs }),
    exits: {
      find: async () => Promise.reject(new GlobalNetError('unreachable', 'no exit is known')),
      connect: async () => Promise.reject(new Error('there is no exit to ask')),
    },
    visits: {
      async visit(address) {
        if (address !== ADDRESS) throw new GlobalNetError(address.length === ADDRESS.length ? 'unknown' : 'malformed', 'not here');
        return session;
      },
    },
  });
  closers.push(
    () => proxy.close(),
    () => session.close(),
  );
  return { proxy, service, session, hosted, early: () => Buffer.from(early).toString('latin1'), warnings, told, broken, refusals };
}

function request(name: string, port: number): Uint8Array {
  return concat(Uint8Array.of(5, 1, 0, 3, name.length), utf8(name), Uint8Array.of(port >> 8, port & 255));
}

/** A client that is connected, or the code of the proxy's refusal. */
async function dial({ proxy }: House, name = ADDRESS, port = 80): Promise<{ socket: Socket; code: number }> {
  const socket = connect({ host: '127.0.0.1', port: proxy.port, allowHalfOpen: true });
  socket.on('error', () => undefined);
  closers.push(() => socket.destroy());
  socket.write(concat(Uint8Array.of(5, 1, 0), request(name, port)));
  let heard: Buffer = Buffer.alloc(0);
  while (heard.length < 12) {
    if (socket.readableLength === 0) await once(socket, 'readable');
    heard = Buffer.concat([heard, (socket.read(Math.min(12 - heard.length, socket.readableLength)) as Buffer | null) ?? Buffer.alloc(0)]);
  }
  return { socket, code: heard[3] as number };
}

function answerAtOnce(socket: Socket): void {
  socket.once('data', (heard) => socket.end(`heard ${heard.length}`));
}

test('a GET rides in the hello; the answer comes through, and the end', async () => {
  const made = await house(answerAtOnce);
  const { socket } = await dial(made);
  socket.write(GET);
  assert.equal(String(await all(socket)), `heard ${GET.length}`);
  socket.end();
  assert.ok(made.early().includes(GET));
});

test('a POST waits for the service’s answer, with a path and without', async () => {
  const made = await house(answerAtOnce);
  const post = 'POST /order HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi';
  for (const _ of [1, 2]) {
    const { socket } = await dial(made);
    socket.write(post);
    assert.equal(String(await all(socket)), `heard ${post.length}`);
    socket.end();
  }
  assert.ok(made.early().length > 0 && !made.early().includes('POST'));
});

test('a service that speaks first is heard', async () => {
  const made = await house((socket) => socket.end('220 ready'));
  const { socket } = await dial(made);
  assert.equal(String(await all(socket)), '220 ready');
  socket.end();
});

test('half-close: the client ends, and still hears what the service answers then', async () => {
  const made = await house(echo);
  const { socket } = await dial(made);
  const words = 'x'.repeat(300_000);
  socket.end(words);
  assert.equal(String(await all(socket)), words);
});

test('a large download and upload arrive as they were sent', async () => {
  const made = await house(echo);
  const { socket } = await dial(made);
  const bytes = createHash('sha512').update('seed').digest();
  const large = Buffer.concat(Array.from({ length: 150_000 }, (_, i) => bytes.subarray(i % 64)));
  socket.end(large);
  assert.ok((await all(socket)).equals(large));
});

test('200 connections at once, each with its own answer, and none is left behind', async () => {
  const made = await house(echo);
  const answers = await Promise.all(
    Array.from({ length: 200 }, async (_, i) => {
      const { socket } = await dial(made);
      socket.end(`number ${i}`);
      return String(await all(socket));
    }),
  );
  assert.deepEqual(
    answers,
    Array.from({ length: 200 }, (_, i) => `number ${i}`),
  );
  await wait(500);
  assert.deepEqual([made.session.streams, made.hosted.stats.streams], [0, 0]);
});

test('a reader that has stopped stops the service, and little waits between; when it reads on, nothing is missing', async () => {
  const block = Buffer.alloc(65_536, 7);
  const blocks = 1_600;
  let written = 0;
  const made = await house((socket) => {
    const more = (): void => {
      while (written < blocks) {
        written++;
        if (!socket.write(block)) return void socket.once('drain', more);
      }
      socket.end();
    };
    more();
  });
  const { socket } = await dial(made);
  socket.end(GET);
  let before = -1;
  while (written !== before) {
    before = written;
    await wait(500);
  }
  assert.ok(written * block.length < 40_000_000, `the service could write ${written * block.length} bytes`);
  let total = 0;
  for await (const part of socket) total += (part as Buffer).length;
  assert.equal(total, blocks * block.length);
});

test('a client that breaks off resets the service’s connection, and a service that does, the client’s', async () => {
  const broken: Promise<unknown>[] = [];
  const made = await house((socket) => {
    broken.push(new Promise((resolve) => socket.on('close', resolve)));
    // Node ends a socket before it resets it, and looks no more at one that has ended: only who writes sees the reset.
    socket.once('end', () => {
      const writing = setInterval(() => socket.write('?'), 5);
      socket.once('close', () => clearInterval(writing));
    });
    socket.once('data', (heard) => String(heard) === 'die' && socket.resetAndDestroy());
  });
  const first = (await dial(made)).socket;
  first.write('live');
  while (broken.length === 0) await wait(10);
  first.resetAndDestroy();
  await broken[0];
  const second = (await dial(made)).socket;
  const ended = new Promise((resolve) => second.once('close', resolve));
  second.write('die');
  await ended;
});

test('each failure has its reply: with --strict that of the service, without it those that come before', async () => {
  const listening = await house(echo, { strict: true });
  const down = await house(undefined, { strict: true });
  const full = await house(echo, { strict: true, connectionsMax: 0 });
  for (const [what, made, name, port, code] of [
    ['it is there', listening, ADDRESS, 80, 0],
    ['it is there, the name in capitals with a dot behind', listening, `${ADDRESS.toUpperCase()}.`, 80, 0],
    ['a port that the service has not', listening, ADDRESS, 81, 5],
    ['nobody listens behind it', down, ADDRESS, 80, 5],
    ['too many connections', full, ADDRESS, 80, 1],
    ['nobody knows the address', listening, ADDRESS.replace('a', 'b'), 80, 4],
    ['no address', listening, 'abc.gnet', 80, 4],
    ['a clear name, and no exit', listening, 'example.org', 80, 3],
    ['a name that only looks alike', listening, 'example.gnet.org', 80, 3],
  ] as const) {
    const { socket, code: told } = await dial(made, name, port);
    assert.equal(told, code, what);
    socket.destroy();
  }
  const lax = await house(undefined);
  assert.equal((await dial(lax, ADDRESS.replace('a', 'b'))).code, 4);
  const { socket, code } = await dial(lax);
  assert.equal(code, 0);
  const [error] = await once(socket, 'error');
  assert.equal((error as NodeJS.ErrnoException).code, 'ECONNRESET');
});

test('a program that hears a reset alone: the proxy’s user is told why, without where, and the owner that nobody listens', async () => {
  const listening = await house(echo);
  const down = await house(undefined);
  const silent = await house(echo, { silent: true, answerWithinMs: 50 });
  const elsewhere = await house(echo, { host: '255.255.255.255' });
  for (const [made, port, words, owner] of [
    [listening, 81, /for a port that it does not have.*gnet open and the app read it/, undefined],
    [down, 80, /nobody listening behind it/, /^127\.0\.0\.1:\d+ is exposed, and nobody listens there: a visitor was refused$/],
    [
      elsewhere,
      80,
      /what is behind it cannot be reached/,
      /^255.255.255.255:\d+ is exposed, and cannot be reached: a visitor was refused$/,
    ],
    [silent, 80, /no answer came in time/, undefined],
  ] as const) {
    for (const first of [GET, 'SSH-2.0-client\r\n']) {
      const { socket } = await dial(made, ADDRESS, port);
      const broken = new Promise((resolve) => socket.once('close', resolve));
      socket.write(first);
      await broken;
      await until('the user is told', () => made.told.length > 0);
      assert.match(made.told[0] as string, words);
      assert.ok(!made.told.join().includes(ADDRESS));
      made.told.length = 0;
    }
    assert.deepEqual([made.refusals.length, made.warnings, made.broken], [owner === undefined ? 0 : 2, [], []]);
    if (owner !== undefined) assert.match(made.refusals[0] as string, owner);
  }
  for (const name of [ADDRESS.replace('a', 'b'), 'abc.gnet']) await dial(listening, name);
  assert.deepEqual(
    listening.told.map((why) => /at which nothing was found|is no address/.test(why)),
    [true, true],
  );
});

test('a service that refuses the whole visit: the proxy’s user is told that, and not that a port is missing', async () => {
  const made = await house(echo, { silent: true });
  const { socket } = await dial(made);
  socket.write(GET);
  await until('the stream', () => made.hosted.stats.streams > 0);
  made.hosted.tell({ kind: HOLDER.refused, token: new Uint8Array(HOLDER_TOKEN_BYTES) });
  await until('the user is told', () => made.warnings.length > 0);
  assert.match(made.warnings.join(), /another program uses your invitation/);
  assert.deepEqual(made.told, []);
});

test('a client that says nothing, or half a greeting, makes room for others when there is none; who is at work is not cut off', async () => {
  const made = await house(echo, { clientsMax: 8 });
  const first = (await dial(made)).socket;
  let cut = 0;
  for (let i = 0; i < 40; i++) {
    const silent = connect({ host: '127.0.0.1', port: made.proxy.port });
    closers.push(() => silent.destroy());
    silent.on('error', () => undefined).on('close', () => cut++);
    await once(silent, 'connect');
    if (i % 2 > 0) silent.write(Uint8Array.of(5, 2, 0));
  }
  const second = (await dial(made)).socket;
  for (const socket of [first, second]) {
    socket.end('answered');
    assert.equal(String(await all(socket)), 'answered');
  }
  while (cut < 34) await wait(5);
  assert.deepEqual([...new Set(made.warnings)], ['8 connections are open at a time: those that have said nothing for longest make room']);
});

test('where all clients are at work one more is turned away, and the user is told', async () => {
  const made = await house(echo, { clientsMax: 2 });
  const at_work = [await dial(made), await dial(made)];
  const third = connect({ host: '127.0.0.1', port: made.proxy.port });
  const [error] = await once(third, 'error');
  assert.equal((error as NodeJS.ErrnoException).code, 'ECONNRESET');
  assert.match(made.warnings.join(), /^2 connections are open at a time, and no more are taken/);
  at_work[0]?.socket.end('done');
  assert.equal(String(await all((at_work[0] as { socket: Socket }).socket)), 'done');
  while (made.hosted.stats.streams > 1) await wait(5);
  assert.equal((await dial(made)).code, 0);
});

test('a service that takes a connection and never answers: the reply with --strict, a reset without', async () => {
  const exact = await dial(await house(echo, { strict: true, silent: true, answerWithinMs: 100 }));
  assert.equal(exact.code, 6);
  const made = await house(echo, { silent: true, answerWithinMs: 100 });
  for (const words of ['', GET, 'SSH-2.0-client\r\n']) {
    const { socket, code } = await dial(made);
    assert.equal(code, 0);
    socket.write(words);
    const [error] = await once(socket, 'error');
    assert.equal((error as NodeJS.ErrnoException).code, 'ECONNRESET', words);
  }
  while (made.session.streams + made.hosted.stats.streams > 0) await wait(5);
});

test('a limit that refuses says so, whichever side it is of', async () => {
  const told: string[] = [];
  const tcp = exposed({
    host: '127.0.0.1',
    port: 1,
    ports: new Set([80]),
    connectionsMax: 0,
    name: 'blog',
    onRefusal: (why) => told.push(why),
  });
  const total = new ConnectionLimit(0);
  const shared = exposed({ host: '127.0.0.1', port: 1, ports: new Set([80]), total, onRefusal: (why) => told.push(why) });
  const hosted = new Session(realEnv, {
    opener: false,
    onStream: (stream) => (stream.id > 1 ? shared : tcp).onConnection(stream, { port: 80 }),
  });
  const visiting = new Session(realEnv, { opener: true, onStream: () => undefined });
  const { a, b } = pipePair(realEnv, { delayMs: 1 });
  visiting.attach(a);
  hosted.attach(b);
  for (const _ of [1, 2]) await assert.rejects(visiting.open(STREAM.tcp, encodeTcpRequest({ port: 80 })).connected, { reason: END.full });
  assert.deepEqual(told, [
    'blog (127.0.0.1:1) has 0 connections open, and no more are taken: a visitor was refused one',
    'all services together have 0 connections open, and no more are taken: a visitor was refused one',
  ]);
});

test('services of one process share a limit, and what one gives back another can take', async () => {
  const total = new ConnectionLimit(1);
  const [one, other] = [await house(echo, { strict: true, total }), await house(echo, { strict: true, total })];
  const held = await dial(one);
  assert.equal(held.code, 0);
  assert.equal((await dial(other)).code, 1);
  held.socket.end('given back');
  assert.equal(String(await all(held.socket)), 'given back');
  while (one.hosted.stats.streams > 0) await wait(10);
  assert.equal((await dial(other)).code, 0);
});
