/** What a program hears and says through the proxy is what the service says and hears. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { dial, GET, house } from '../support/proxy-house.ts';
import { all, echo, Sender } from '../support/sockets.ts';

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
  const sender = new Sender(block, 1_600);
  const { socket } = await dial(await house(sender.serve));
  socket.end(GET);
  await sender.stopped(500);
  const writtenBytes = sender.written * block.length;
  assert.ok(writtenBytes < 40_000_000, `the service could write ${writtenBytes} bytes`);
  let total = 0;
  for await (const part of socket) total += (part as Buffer).length;
  assert.equal(total, sender.blocks * block.length);
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
