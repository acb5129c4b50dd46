/** What a program is told where it gets no connection, and its user and the service’s owner. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { HOLDER_TOKEN_BYTES } from '../../src/core/wire/geometry.ts';
import { HOLDER } from '../../src/core/wire/registry.ts';
import { until } from '../e2e/support/until.ts';
import { ADDRESS, dial, GET, house } from '../support/proxy-house.ts';
import { echo } from '../support/sockets.ts';

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
