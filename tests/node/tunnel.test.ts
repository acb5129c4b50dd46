/** Real sockets on both sides of a circuit in memory: a local port, the session down the circuit, its last hop, and what that one's owner grants. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { exitTargetOf } from '../../node/cli/exit-target.ts';
import { exitService, GrantJudge } from '../../node/exit/index.ts';
import { startTunnel, type Tunnel } from '../../node/tcp/index.ts';
import { EMPTY } from '../../src/core/bytes/bytes.ts';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { PathSession } from '../../src/core/peer/index.ts';
import { acceptCircuit } from '../../src/core/peer/last-hop.ts';
import { RendezvousPoint } from '../../src/core/service/index.ts';
import { decodeExitTarget, encodeExitTarget } from '../../src/core/wire/exit.ts';
import { CLOSE, END } from '../../src/core/wire/registry.ts';
import { circuitPair } from '../support/circuit-pair.ts';
import { realEnv } from '../support/real-env.ts';
import { all, echo, Sender, startTarget } from '../support/sockets.ts';

const closers: (() => unknown)[] = [];
after(() => closers.forEach((close) => void close()));

interface House {
  readonly tunnel: Tunnel;
  /** Connections the target has had. */
  readonly target: { connections: number };
  /** Circuits that were built, and not given back. */
  readonly circuits: Set<{ break(): void }>;
  built: number;
  readonly failures: string[];
  /** What the setup packets carried. */
  early: string;
}

interface HouseOptions {
  readonly share?: boolean;
  readonly sharedForMs?: number;
  readonly granted?: boolean;
  readonly connectionsMax?: number;
  /** No circuit can be built. */
  readonly noPath?: boolean;
  /** The last hop takes streams, and says nothing. */
  readonly silent?: boolean;
  readonly answerWithinMs?: number;
}

/** A tunnel to a target that does this with each connection; undefined: nobody listens. */
async function house(serve: ((socket: Socket) => void) | undefined, options: HouseOptions = {}): Promise<House> {
  const target = await startTarget(serve);
  closers.push(() => target.close());
  const { port } = target;
  const wanted = exitTargetOf(`127.0.0.1:${port}`);
  const exit = exitService(new GrantJudge(options.granted === false ? [] : [wanted]), options.connectionsMax);

  const openPath = async (early: Uint8Array) => {
    if (options.noPath) throw new GlobalNetError('unreachable', 'no guard is linked');
    const { builder, last } = circuitPair(realEnv, { delayMs: 2 });
    const close = builder.close.bind(builder);
    const circuit = {
      break() {
        made.circuits.delete(circuit);
        builder.onPeerClosed(CLOSE.linkLost);
        last.onPeerClosed(CLOSE.linkLost);
      },
    };
    builder.close = (reason) => {
      made.circuits.delete(circuit);
      close(reason);
    };
    made.early += Buffer.from(early).toString('latin1');
    await wait(5);
    const reply = await new Promise<Uint8Array>((answer) => {
      const point = new RendezvousPoint(realEnv);
      const hop = {
        env: realEnv,
        point,
        onStream: (stream: Parameters<typeof exit.onConnection>[0]) =>
          options.silent || exit.onConnection(stream, decodeExitTarget(stream.request)),
      };
      acceptCircuit(hop, last, early.slice(), answer);
    });
    // Only now: a test that broke it earlier, as the target may be connected before the answer is here, would wait for ever.
    made.built++;
    made.circuits.add(circuit);
    return { end: builder, reply, hops: [] };
  };
  const failures: string[] = [];
  const tunnel = await startTunnel({
    host: '127.0.0.1',
    port: 0,
    request: encodeExitTarget(wanted),
    share: options.share ?? false,
    ...(options.sharedForMs === undefined ? {} : { sharedForMs: options.sharedForMs }),
    newSession: () => new PathSession(realEnv, openPath),
    ...(options.answerWithinMs === undefined ? {} : { answerWithinMs: options.answerWithinMs }),
    onFailure: (why) => failures.push(why),
    onWarning: (why) => failures.push(why),
  });
  closers.push(() => tunnel.close());
  const made: House = { tunnel, target, circuits: new Set(), built: 0, failures, early: '' };
  return made;
}

function dial({ tunnel }: House): Socket {
  const socket = connect({ host: '127.0.0.1', port: tunnel.port, allowHalfOpen: true });
  socket.on('error', () => undefined);
  closers.push(() => socket.destroy());
  return socket;
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await wait(5);
}

test('tunnel: each connection has a circuit of its own, which is given back when it ends; half-close both ways', async () => {
  const made = await house(echo);
  const sockets = [dial(made), dial(made), dial(made)];
  sockets.forEach((socket, i) => socket.write(`number ${i}`));
  await until(() => made.target.connections === 3 && made.circuits.size === 3);
  for (const socket of sockets) socket.end(', to the end');
  assert.deepEqual(
    (await Promise.all(sockets.map(all))).map(String),
    [0, 1, 2].map((i) => `number ${i}, to the end`),
  );
  await until(() => made.circuits.size === 0);
  assert.deepEqual(made.failures, []);
});

test('tunnel: with share all connections take one circuit', async () => {
  const made = await house(echo, { share: true });
  const sockets = [dial(made), dial(made), dial(made)];
  for (const socket of sockets) socket.end('one of many');
  for (const socket of sockets) assert.equal(String(await all(socket)), 'one of many');
  assert.deepEqual([made.built, made.circuits.size], [1, 1]);
  made.tunnel.close();
  assert.equal(made.circuits.size, 0);
});

test('tunnel: a shared path takes connections for a while; then the next get another, and it goes with its last one', async () => {
  const made = await house(echo, { share: true, sharedForMs: 0 });
  const first = dial(made);
  first.write('long');
  await until(() => made.target.connections === 1);
  const second = dial(made);
  second.end('short');
  assert.equal(String(await all(second)), 'short');
  await until(() => made.circuits.size === 1);
  assert.equal(made.built, 2);
  first.end(' lived');
  assert.equal(String(await all(first)), 'long lived');
  await until(() => made.circuits.size === 0);
});

test('tunnel: what is large arrives as it was sent; a reader that has stopped stops the sender', async () => {
  const block = Buffer.alloc(65_536, createHash('sha256').update('block').digest());
  const sender = new Sender(block, 320);
  const socket = dial(await house(sender.serve));
  socket.end('send it');
  await sender.stopped(150);
  assert.ok(sender.written < sender.blocks, `the target could write all ${sender.written * block.length} bytes`);
  const heard = await all(socket);
  assert.equal(heard.length, sender.blocks * block.length);
  assert.ok(heard.subarray(-block.length).equals(block));
});

test('tunnel: a GET rides in the setup packet; what may not be heard twice waits until the target is connected', async () => {
  const made = await house((socket) => socket.once('data', (heard) => socket.end(`heard ${heard.length}`)));
  const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
  const say = async (words: string): Promise<void> => {
    const socket = dial(made);
    socket.write(words);
    assert.equal(String(await all(socket)), `heard ${words.length}`);
    socket.end();
  };
  await say('POST / HTTP/1.1\r\n\r\n');
  while (!made.early.includes(get)) await say(get); // on a machine that is busy the words may come after the circuit was begun
  assert.ok(!made.early.includes('POST'));
});

test('tunnel: a circuit that breaks ends its connection with the reason said, and the next connection works', async () => {
  const made = await house(echo);
  const first = dial(made);
  first.write('half');
  await until(() => made.target.connections === 1 && made.circuits.size === 1);
  for (const circuit of made.circuits) circuit.break();
  const [error] = await once(first, 'error');
  assert.equal((error as NodeJS.ErrnoException).code, 'ECONNRESET');
  assert.deepEqual(made.failures, ['the circuit broke; the next connection takes another']);
  const next = dial(made);
  next.end('whole');
  assert.equal(String(await all(next)), 'whole');
});

test('tunnel: why there is no connection is said: no grant, nobody listens, too many, no path', async () => {
  for (const [options, serve, words] of [
    [{ granted: false }, echo, /the last hop does not go there: neither a policy nor a grant/],
    [{}, undefined, /nobody listens there/],
    [{ connectionsMax: 0 }, echo, /too many connections open/],
    [{ noPath: true }, echo, /^no guard is linked$/],
    [{ silent: true, answerWithinMs: 100 }, echo, /^the other end took the connection, and has not answered within 0\.1 s$/],
  ] as const) {
    const made = await house(serve, options);
    const socket = dial(made);
    await once(socket, 'error');
    assert.match(made.failures.join(), words);
    assert.equal(made.circuits.size, 0);
  }
});

test('tunnel: who breaks a connection off, at either end, ends it at the other, and nobody calls that a failure', async () => {
  const live: Promise<unknown>[] = [];
  const made = await house((socket) => {
    // A reset that comes together with bytes is read as an end.
    socket.once('data', (heard) => (String(heard) === 'die' ? socket.resetAndDestroy() : live.push(closed(socket))));
  });
  const first = dial(made);
  first.write('live');
  await until(() => live.length === 1);
  first.resetAndDestroy();
  await live[0];
  const second = dial(made);
  second.write('die');
  await closed(second);
  await until(() => made.circuits.size === 0);
  assert.deepEqual(made.failures, []);
});

test('grants: the very host and port, whatever it is; all else is for the policy, or refused', async () => {
  const asked: string[] = [];
  const lookUp = async (name: string) => {
    asked.push(name);
    if (name === 'gone.lan') throw new Error('ENOTFOUND');
    return [Uint8Array.of(192, 168, 0, 9)];
  };
  const grants = ['192.168.0.2:22', '[::1]:5432', 'nas.lan:445', 'gone.lan:1'].map(exitTargetOf);
  const judge = new GrantJudge(grants, undefined, lookUp);
  const verdict = async (text: string) => judge.judge(exitTargetOf(text));
  assert.deepEqual(await verdict('192.168.0.2:22'), { open: [Uint8Array.of(192, 168, 0, 2)] });
  assert.deepEqual(await verdict('[0:0::1]:5432'), { open: [Uint8Array.of(...new Array<number>(15).fill(0), 1)] });
  assert.deepEqual(await verdict('NAS.lan.:445'), { open: [Uint8Array.of(192, 168, 0, 9)] });
  assert.deepEqual(await verdict('gone.lan:1'), { refuse: END.unresolvable });
  for (const other of ['192.168.0.2:23', '192.168.0.3:22', '192.168.0.9:445', 'nas.lan:446', 'lan:445', '127.0.0.1:5432'])
    assert.deepEqual(await verdict(other), { refuse: END.refused }, other);
  assert.deepEqual(asked, ['nas.lan', 'gone.lan']);
  const behind = new GrantJudge(grants, { judge: async () => ({ open: [EMPTY] }) }, lookUp);
  assert.deepEqual(await behind.judge(exitTargetOf('example.org:80')), { open: [EMPTY] });
});

test('targets: a name or an address, and a port, or what is wrong with it', () => {
  assert.deepEqual(exitTargetOf('Example.ORG.:80'), { host: 'example.org', port: 80 });
  assert.deepEqual(exitTargetOf('[::ffff:10.0.0.1]:80'), { host: Uint8Array.of(10, 0, 0, 1), port: 80 });
  for (const [text, words] of [
    ['example.org', /is no target: wanted a name or an IP address, and a port/],
    ['::1:80', /is no target/],
    ['http://example.org:80', /is no target/],
    ['[example.org]:80', /no IPv6 address between its brackets/],
    ['a b:80', /neither a DNS name nor an IP address/],
    ['127.1:80', /neither a DNS name nor an IP address/],
    ['example.org:0', /a port is a number from 1 to 65535, not '0'/],
    [`${'a'.repeat(56)}.gnet:80`, /is reached by gnet proxy/],
  ] as const)
    assert.throws(
      () => exitTargetOf(text),
      (error) => error instanceof GlobalNetError && error.kind === 'malformed' && words.test(error.message),
      text,
    );
});
