import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EFFORT_MAX, EFFORT_MIN, HELLO_BURST, HELLO_KEYS_MS, HELLOS_PER_S } from '../../../src/core/service/constants.ts';
import { HelloKeyring } from '../../../src/core/service/hello-keys.ts';
import { Price } from '../../../src/core/service/price.ts';
import { testEnv } from '../../support/test-env.ts';

test('a burst passes, then so many hellos a second; a clock set back gives nothing', () => {
  const price = new Price(0);
  const taken = (nowMs: number): number => Array.from({ length: 1_000 }, () => price.take(nowMs)).filter(Boolean).length;
  assert.equal(taken(0), HELLO_BURST);
  assert.equal(taken(1_000), HELLOS_PER_S);
  assert.equal(taken(500), 0);
});

test('the price doubles while hellos are refused, up to its cap, and halves down to nothing when it is quiet', () => {
  const price = new Price(0);
  const round = (busy: boolean): number => {
    if (busy) for (let i = 0; i <= HELLO_BURST; i++) price.take(0);
    price.endRound();
    return price.effort;
  };
  assert.equal(round(false), 0);
  assert.deepEqual([round(true), round(true), round(true)], [EFFORT_MIN, 2 * EFFORT_MIN, 4 * EFFORT_MIN]);
  for (let i = 0; i < 20; i++) round(true);
  assert.equal(price.effort, EFFORT_MAX);
  assert.equal(round(false), EFFORT_MAX / 2);
  for (let i = 0; i < 20; i++) round(false);
  assert.equal(price.effort, 0);
  assert.equal(price.endRound(), false);
});

test('the price rises as soon as hellos are refused, and does not fall in the round in which it rose', () => {
  const price = new Price(0);
  assert.equal(price.raise(), false);
  for (let i = 0; i <= HELLO_BURST; i++) price.take(0);
  assert.deepEqual([price.raise(), price.raise(), price.effort], [true, false, EFFORT_MIN]);
  assert.deepEqual([price.endRound(), price.effort], [false, EFFORT_MIN]);
  assert.deepEqual([price.endRound(), price.effort], [true, 0]);
});

test('the price stays while the points turn away more than could be opened without it', () => {
  const price = new Price(0);
  for (let i = 0; i <= HELLO_BURST; i++) price.take(0);
  price.endRound();
  const round = HELLOS_PER_S * 60;
  for (let minute = 0; minute < 10; minute++) {
    price.onTurnedAway(round - 10);
    price.onTurnedAway(11);
    assert.deepEqual([price.endRound(), price.effort], [false, EFFORT_MIN]);
  }
  price.onTurnedAway(round);
  assert.deepEqual([price.endRound(), price.effort], [true, 0]);
  price.onTurnedAway(100 * round);
  assert.deepEqual([price.endRound(), price.effort], [false, 0], 'what a point says raises nothing');
});

test('hello keys that are two generations old are wiped', async () => {
  const env = testEnv();
  const keyring = new HelloKeyring(env);
  const first = keyring.current;
  assert.equal(keyring.rotateIfDue(), false);
  await env.advance(HELLO_KEYS_MS);
  assert.equal(keyring.rotateIfDue(), true);
  assert.equal(keyring.find(first.keys.keyId), first);
  await env.advance(HELLO_KEYS_MS);
  assert.equal(keyring.rotateIfDue(), true);
  assert.equal(keyring.find(first.keys.keyId), undefined);
  assert.ok(first.x25519Secret.every((byte) => byte === 0) && first.kemSecret.every((byte) => byte === 0));
});
