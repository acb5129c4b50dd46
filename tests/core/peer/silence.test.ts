import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lookEvery } from '../../../src/core/env.ts';
import { endWhenSilent } from '../../../src/core/peer/silence.ts';
import { CircuitChannels, isSilent } from '../../../src/core/stream/index.ts';
import { MESSAGE } from '../../../src/core/wire/registry.ts';
import { circuitPair } from '../../support/circuit-pair.ts';
import { startedChannels } from '../../support/started-channels.ts';
import { testEnv } from '../../support/test-env.ts';

const HELLO = new Uint8Array(10);

/** A circuit of ours that is watched; its last hop answers only once it is started. */
function watched() {
  const env = testEnv();
  const ends = circuitPair(env, { delayMs: 50 });
  const closed: string[] = [];
  const channels = new CircuitChannels(env, ends.builder, { onMessage: () => undefined, onClose: () => void closed.push('closed') });
  channels.start();
  endWhenSilent(env, channels, () => void closed.push('silent'));
  return { env, channels, closed, say: () => channels.sendMessage(MESSAGE.connect, HELLO), answer: () => startedChannels(env, ends.last) };
}

test('silence: a circuit on which something waits to be acked, and nothing comes, is closed after some seconds, and said first', async () => {
  const { env, closed, say } = watched();
  await env.advance(60_000);
  assert.deepEqual(closed, [], 'nothing waits');
  say();
  await env.advance(1_900);
  assert.deepEqual(closed, []);
  await env.advance(400);
  assert.deepEqual(closed, ['silent', 'closed']);
});

test('silence: what is acked is not silent, however long nothing more is said', async () => {
  const { env, channels, closed, say, answer } = watched();
  answer();
  for (let i = 0; i < 20; i++) {
    say();
    await env.advance(1_500);
    assert.equal(channels.stats.unheardMs, 0);
  }
  await env.advance(600_000);
  assert.deepEqual(closed, []);
});

test('silence: a circuit of long round trips gets so many of them', async () => {
  const { channels } = watched();
  const { stats } = channels;
  assert.equal(isSilent({ ...stats, unheardMs: 3_000, roundTripMs: undefined }, 3_000, 6), true);
  assert.equal(isSilent({ ...stats, unheardMs: 5_900, roundTripMs: 1_000 }, 3_000, 6), false);
  assert.equal(isSilent({ ...stats, unheardMs: 6_000, roundTripMs: 1_000 }, 3_000, 6), true);
});

test('silence: a look that comes late does not count, as this peer was held up itself', () => {
  let nowMs = 0;
  const due: (() => void)[] = [];
  const schedule = (_: number, run: () => void) => {
    due.push(run);
    return () => undefined;
  };
  const env = { now: () => nowMs, schedule };
  const told: number[] = [];
  lookEvery(env, 250, () => nowMs > 1_000 && told.push(nowMs) > 0);
  const look = (atMs: number): void => {
    nowMs = atMs;
    due.shift()?.();
  };
  look(250);
  look(5_000);
  assert.deepEqual(told, []);
  look(5_260);
  assert.deepEqual(told, [5_260]);
  assert.equal(due.length, 0);
});
