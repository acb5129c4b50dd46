/** How many connections a proxy and a service have room for, and who is turned away. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Session } from '../../src/core/stream/index.ts';
import { END, STREAM } from '../../src/core/wire/registry.ts';
import { encodeTcpRequest } from '../../src/core/wire/tcp.ts';
import { ConnectionLimit, exposed } from '../../node/tcp/index.ts';
import { pipePair } from '../support/pipe-pair.ts';
import { closers, dial, house } from '../support/proxy-house.ts';
import { realEnv } from '../support/real-env.ts';
import { all, echo } from '../support/sockets.ts';

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
