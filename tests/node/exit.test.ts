/** Real sockets on both sides of one session in memory: a SOCKS client, the proxy, the session, the exit, a server. */
import assert from 'node:assert/strict';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createSocket } from 'node:dgram';
import { after, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { concat, EMPTY, utf8 } from '../../src/core/bytes/bytes.ts';
import { Session, type SessionStream } from '../../src/core/stream/index.ts';
import { decodeExitTarget, encodeExitTarget, type ExitTarget } from '../../src/core/wire/exit.ts';
import { END, STREAM } from '../../src/core/wire/registry.ts';
import { dnsResolver, type ExitJudge, ExitPolicy, exitService, PolicyJudge, type Verdict } from '../../node/exit/index.ts';
import { ipBytes } from '../../node/ip.ts';
import { startProxy } from '../../node/tcp/index.ts';
import { dnsAnswer, dnsQuestion } from '../support/dns.ts';
import { pipePair } from '../support/pipe-pair.ts';
import { realEnv } from '../support/real-env.ts';

const GET = 'GET / HTTP/1.1\r\nHost: example.org\r\n\r\n';
const LOOPBACK = Uint8Array.of(127, 0, 0, 1);

const closers: (() => unknown)[] = [];
after(() => closers.forEach((close) => void close()));

/** A server on loopback that does this with each connection. */
async function serve(onConnection: (socket: Socket) => void): Promise<number> {
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    closers.push(() => socket.destroy());
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

interface House {
  readonly port: number;
  /** What the exit was asked for, and with which isolation key. */
  readonly asked: { target: ExitTarget; isolation: string; first: string }[];
  readonly notes: string[];
  /** Why there is no connection, as the proxy's user is told. */
  readonly told: string[];
  /** The circuit is gone. */
  breakCircuit(): void;
}

/** A proxy before an exit that this judge watches over. */
async function house(judge: ExitJudge, { strict = true, connectionsMax = 500 } = {}): Promise<House> {
  const exit = exitService(judge, connectionsMax);
  const hosted = new Session(realEnv, { opener: false, onStream: (stream) => exit.onConnection(stream, decodeExitTarget(stream.request)) });
  const session = new Session(realEnv, { opener: true, onStream: (stream) => stream.reset(END.refused) });
  const { a, b } = pipePair(realEnv, { delayMs: 1 });
  session.attach(a);
  hosted.attach(b);
  const made: Omit<House, 'port'> = { asked: [], notes: [], told: [], breakCircuit: () => session.end(END.sessionLost) };
  const proxy = await startProxy({
    host: '127.0.0.1',
    port: 0,
    strict,
    visits: { visit: async () => assert.fail('no service was asked for') },
    exits: {
      find: async () => undefined,
      async connect(target, isolation, first = EMPTY): Promise<SessionStream> {
        made.asked.push({ target, isolation, first: Buffer.from(first).toString('latin1') });
        const stream = session.open(STREAM.exit, encodeExitTarget(target));
        stream.write(first).catch(() => undefined);
        await stream.connected;
        return stream;
      },
    },
    onIpTarget: () => made.notes.push('ip'),
    onExit: () => undefined,
    onBroken: (why) => made.notes.push(why),
    onNothingThere: (why) => made.told.push(why),
    onWarning: (why) => made.notes.push(why),
  });
  closers.push(
    () => proxy.close(),
    () => session.end(END.done),
    () => hosted.end(END.done),
  );
  return { port: proxy.port, ...made };
}

/** A judge that lets everything through to loopback, so that a test's server can be met at all. */
function toLoopback(...open: Uint8Array[]): ExitJudge {
  return { judge: async () => ({ open: open.length > 0 ? open : [LOOPBACK] }) };
}

function byName(name: string, port: number): Uint8Array {
  return concat(Uint8Array.of(3, name.length), utf8(name), Uint8Array.of(port >> 8, port & 255));
}

function byIp(text: string, port: number): Uint8Array {
  const ip = ipBytes(text) as Uint8Array;
  return concat(Uint8Array.of(ip.length === 4 ? 1 : 4), ip, Uint8Array.of(port >> 8, port & 255));
}

/** A client, and the code of the proxy's answer to its request. */
async function dial({ port }: House, target: Uint8Array): Promise<{ socket: Socket; code: number }> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  closers.push(() => socket.destroy());
  socket.write(concat(Uint8Array.of(5, 1, 0, 5, 1, 0), target));
  let heard = Buffer.alloc(0);
  while (heard.length < 12) {
    await new Promise((resolve) => socket.once('readable', resolve));
    heard = Buffer.concat([heard, (socket.read(Math.min(12 - heard.length, socket.readableLength)) as Buffer | null) ?? Buffer.alloc(0)]);
  }
  return { socket, code: heard[3] as number };
}

async function all(socket: Socket): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of socket.iterator({ destroyOnReturn: false })) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

function policyJudge(rules: string, answers: Record<string, string[]> = {}): PolicyJudge {
  return new PolicyJudge({
    policy: new ExitPolicy([{ where: 'rules', lines: [rules] }]),
    resolve: async (name) => (answers[name] ?? []).map((text) => ipBytes(text) as Uint8Array),
    ownAddresses: () => [],
  });
}

test('exit: bytes and half-closes go both ways; the name goes to the exit as it was asked for, and to no DNS here', async () => {
  const server = await serve((socket) => void all(socket).then((heard) => socket.end(`heard ${heard}`)));
  const made = await house(toLoopback());
  const { socket, code } = await dial(made, byName('EXAMPLE.org.', server));
  assert.equal(code, 0);
  socket.end('hello');
  assert.equal(await all(socket), 'heard hello');
  assert.deepEqual(made.asked, [{ target: { host: 'example.org', port: server }, isolation: '', first: '' }]);
  assert.deepEqual(made.notes, []);
});

test('exit: without --strict the first bytes go with the request where they may be heard twice, and wait where not', async () => {
  const server = await serve((socket) => socket.once('data', (heard) => socket.end(`heard ${heard.length}`)));
  const made = await house(toLoopback(), { strict: false });
  const post = 'POST /order HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi';
  for (const [words, rides] of [
    [GET, true],
    [post, false],
  ] as const) {
    const { socket } = await dial(made, byName('example.org', server));
    socket.write(words);
    assert.equal(await all(socket), `heard ${words.length}`);
    assert.equal(made.asked.at(-1)?.first, rides ? words : '');
  }
});

test('exit: each failure has its reply', async () => {
  const closed = await serve(() => undefined);
  const free = createServer();
  await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
  const { port: nobody } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  const refusing = (verdict: Verdict): ExitJudge => ({ judge: async () => verdict });
  for (const [what, judge, target, code] of [
    ['it is there', toLoopback(), byName('example.org', closed), 0],
    ['the first address is dead, the second is there', toLoopback(Uint8Array.of(127, 0, 0, 9), LOOPBACK), byName('example.org', closed), 0],
    ['nobody listens', toLoopback(), byName('example.org', nobody), 5],
    ['no way there', toLoopback(Uint8Array.of(255, 255, 255, 255)), byName('example.org', 80), 4],
    ['nobody answers', refusing({ refuse: END.timeout }), byName('example.org', 80), 6],
    ['no such name', policyJudge('accept *:*'), byName('nobody.example', 80), 4],
    ['a port that the policy rejects', policyJudge('accept *:443'), byName('example.org', 80), 2],
    ['a name that leads home', policyJudge('accept *:*', { 'home.example': ['127.0.0.1'] }), byName('home.example', closed), 2],
    ['this machine, by its name', toLoopback(), byName('localhost', closed), 2],
    ['this machine, by its address', toLoopback(), byIp('127.0.0.1', closed), 2],
    ['this machine, dressed as IPv6', toLoopback(), byIp('::1', closed), 2],
    ['this machine, by an address given as a name', toLoopback(), byName('127.0.0.1', closed), 2],
    ['an address in decimal', toLoopback(), byName('2130706433', closed), 4],
    ['an address in octal', toLoopback(), byName('0177.0.0.1', closed), 4],
    ['an address in hexadecimal', toLoopback(), byName('0x7f.1', closed), 4],
    ['another network’s name', toLoopback(), byName('example.onion', closed), 2],
    ['no name at all', toLoopback(), byName('a_b..c', closed), 4],
  ] as const) {
    const made = await house(judge);
    const { socket, code: told } = await dial(made, target);
    assert.equal(told, code, what);
    socket.destroy();
  }
  const full = await house(toLoopback(), { connectionsMax: 0 });
  assert.equal((await dial(full, byName('example.org', closed))).code, 1);
});

test('exit: a program that hears a reset alone: the proxy’s user is told why, without where', async () => {
  for (const [judge, words] of [
    [{ judge: async () => ({ refuse: END.timeout }) }, /does not answer its exit/],
    [policyJudge('accept *:*'), /its exit finds no address/],
    [policyJudge('accept *:443'), /no exit opens/],
  ] as const) {
    const made = await house(judge, { strict: false });
    const { socket, code } = await dial(made, byName('nobody.example', 80));
    assert.equal(code, 0);
    const broken = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined).write('GET / HTTP/1.0\r\n\r\n');
    await broken;
    assert.match(made.told.join(), words);
    assert.doesNotMatch(made.told.join(), /nobody\.example/);
    assert.deepEqual(made.notes, []);
  }
});

test('exit: IPv4 and IPv6 addresses are asked for as they are, and the user is told that a name may have been looked up', async () => {
  const server = await serve((socket) => socket.end('there'));
  const made = await house(toLoopback());
  for (const text of ['203.0.113.5', '2001:db8::5']) {
    const { socket } = await dial(made, byIp(text, server));
    assert.equal(await all(socket), 'there');
    assert.deepEqual(made.asked.at(-1)?.target.host, ipBytes(text));
  }
  assert.deepEqual(made.notes, ['ip', 'ip']);
});

test('exit: where a connection has led elsewhere than to the address that was judged, it is closed, and its bytes go nowhere', async () => {
  let heard = '';
  const port = await serve((socket) => socket.on('data', (bytes) => (heard += String(bytes))));
  // To no address in particular Linux connects at home: what stands at the other end is 127.0.0.1.
  const made = await house(toLoopback(new Uint8Array(4)));
  const { code } = await dial(made, byName('example.org', port));
  assert.equal(code, 2);
  const next = await house(toLoopback(new Uint8Array(4), LOOPBACK));
  const { socket, code: there } = await dial(next, byName('example.org', port));
  assert.equal(there, 0, 'the next address of the same name');
  socket.end('to the right one');
  while (heard === '') await wait(5);
  assert.equal(heard, 'to the right one');
});

test('exit: one connection too many is refused, and its owner is told that, not where it was to go', async () => {
  const told: string[] = [];
  const exit = exitService(toLoopback(), 0, (why) => told.push(why));
  const hosted = new Session(realEnv, { opener: false, onStream: (stream) => exit.onConnection(stream, decodeExitTarget(stream.request)) });
  const asking = new Session(realEnv, { opener: true, onStream: () => undefined });
  const { a, b } = pipePair(realEnv, { delayMs: 1 });
  asking.attach(a);
  hosted.attach(b);
  const stream = asking.open(STREAM.exit, encodeExitTarget({ host: 'example.org', port: 80 }));
  await assert.rejects(stream.connected, { reason: END.full });
  assert.deepEqual(told, ['0 connections are open for others, and no more are taken: one was refused']);
});

test('exit: a connection that breaks off there breaks off here, and the other way round', async () => {
  const broken: Promise<unknown>[] = [];
  const server = await serve((socket) => {
    socket.once('data', (heard) => {
      broken.push(new Promise((resolve) => socket.on('close', resolve)));
      if (String(heard) === 'die') socket.resetAndDestroy();
    });
  });
  const made = await house(toLoopback());
  const first = (await dial(made, byName('example.org', server))).socket;
  first.write('live');
  while (broken.length === 0) await wait(10);
  first.resetAndDestroy();
  await broken[0];
  const second = (await dial(made, byName('example.org', server))).socket;
  const ended = new Promise<Error>((resolve) => second.once('error', resolve));
  second.write('die');
  assert.equal(((await ended) as NodeJS.ErrnoException).code, 'ECONNRESET');
});

test('exit: a circuit that breaks ends its connections, and the user is told why, not where they went', async () => {
  const made = await house(toLoopback(), { strict: true });
  const server = await serve((socket) => socket.on('error', () => undefined).write('hello'));
  const { socket } = await dial(made, byName('example.org', server));
  const ended = new Promise<Error>((resolve) => socket.once('error', resolve));
  made.breakCircuit();
  assert.equal(((await ended) as NodeJS.ErrnoException).code, 'ECONNRESET');
  assert.deepEqual(made.notes, ['the circuit under them broke; the next ones take another']);
});

test('resolver: asks the name server it was given for both kinds of address', async () => {
  const asked: string[] = [];
  const server = createSocket('udp4', (query, from) => {
    const { name, type } = dnsQuestion(query);
    asked.push(`${name} ${type}`);
    const known = [ipBytes(type === 1 ? '203.0.113.5' : '2001:db8::5') as Uint8Array];
    server.send(dnsAnswer(query, name === 'both.example' ? known : undefined), from.port, from.address);
  });
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  closers.push(() => server.close());
  const resolve = dnsResolver([`127.0.0.1:${server.address().port}`]);
  assert.deepEqual(await resolve('both.example'), [Uint8Array.of(203, 0, 113, 5), ipBytes('2001:db8::5')]);
  assert.deepEqual(asked.sort(), ['both.example 1', 'both.example 28']);
  assert.deepEqual(await resolve('nobody.example'), []);
  assert.throws(() => dnsResolver(['dns.example']), { kind: 'malformed' });
});
