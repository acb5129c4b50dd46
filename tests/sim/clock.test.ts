import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sleep } from '../../src/core/env.ts';
import { testEnv } from '../support/test-env.ts';

test('timers run by due time, those of one instant in the order they were set', async () => {
  const env = testEnv();
  const ran: string[] = [];
  for (const [name, delayMs] of [
    ['c', 30],
    ['a', 10],
    ['b', 20],
    ['b2', 20],
  ] as const)
    env.schedule(delayMs, () => void ran.push(name));
  await env.advance(20);
  assert.deepEqual(ran, ['a', 'b', 'b2']);
  await env.advance(10);
  assert.deepEqual(ran, ['a', 'b', 'b2', 'c']);
});

test('promises settle between two timers of the same instant', async () => {
  const env = testEnv();
  const ran: string[] = [];
  const chain = async (name: string): Promise<void> => {
    await sleep(env, 5);
    for (let i = 0; i < 20; i++) await Promise.resolve();
    ran.push(name);
  };
  void chain('first');
  env.schedule(5, () => void ran.push('second'));
  await env.advance(5);
  assert.deepEqual(ran, ['first', 'second']);
});

test('a timer set by a timer runs within the same advance, at its own time', async () => {
  const env = testEnv();
  const startMs = env.now();
  const at: number[] = [];
  env.schedule(10, () => env.schedule(15, () => void at.push(env.now() - startMs)));
  await env.advance(100);
  assert.deepEqual(at, [25]);
  assert.equal(env.now() - startMs, 100);
});

test('a cancelled timer never runs and is not waited for', async () => {
  const env = testEnv();
  const cancel = env.schedule(10, () => assert.fail('ran'));
  cancel();
  cancel();
  assert.equal(env.clock.waiting, 0);
  await env.runAll();
});

test('many timers at random times come in order', async () => {
  const env = testEnv();
  const at: number[] = [];
  const cancels = Array.from({ length: 500 }, () => env.schedule((env.random(1)[0] as number) * 3, () => void at.push(env.now())));
  for (let i = 0; i < cancels.length; i += 3) cancels[i]?.();
  await env.runAll();
  assert.equal(at.length, 500 - Math.ceil(500 / 3));
  assert.deepEqual(
    at,
    at.toSorted((a, b) => a - b),
  );
});

test('runAll gives up on a timer that renews itself', async () => {
  const env = testEnv();
  const tick = (): void => void env.schedule(1000, tick);
  tick();
  await assert.rejects(env.runAll(10_000), /still wait/);
});

test('runFor passes the outcome of a promise on, and names one that never settles', async () => {
  const env = testEnv();
  assert.equal(await env.clock.runFor(sleep(env, 70).then(() => 7)), 7);
  await assert.rejects(env.clock.runFor(Promise.reject(new Error('no'))), /no/);
  await assert.rejects(env.clock.runFor(new Promise(() => {})), /still pending/);
});

test('what a timer throws reaches the test', async () => {
  const env = testEnv();
  env.schedule(1, () => {
    throw new Error('inside');
  });
  await assert.rejects(env.advance(1), /inside/);
});

test('the same seed gives the same bytes however they are asked for; another seed, others', () => {
  const whole = testEnv({ seed: 's' }).random(10_000);
  const parts = testEnv({ seed: 's' });
  let offset = 0;
  for (let size = 0; offset + size <= whole.length; offset += size++)
    assert.deepEqual(parts.random(size), whole.subarray(offset, offset + size));
  assert.notDeepEqual(testEnv({ seed: 't' }).random(32), whole.subarray(0, 32));
});
