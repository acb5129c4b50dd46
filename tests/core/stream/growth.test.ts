import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pipe } from '../../../src/core/ports.ts';
import { CHANNEL_GROWTH_MAX, CHANNEL_WINDOW_MAX, GROWTH_IDLE_MS } from '../../../src/core/stream/constants.ts';
import { Grant } from '../../../src/core/stream/grant.ts';
import { GrowthBudget } from '../../../src/core/stream/growth.ts';
import { PAYLOAD_BYTES } from '../../../src/core/wire/geometry.ts';
import { Bottleneck, circuitPair } from '../../support/circuit-pair.ts';
import { startedChannels } from '../../support/started-channels.ts';
import { testEnv } from '../../support/test-env.ts';

const FIRST = 64;
const MOST = 2048;

/** Windows that share a budget; `busy` uses up what it may and is told more, as often as it takes to be as wide as it can. */
function sharing(budgetCells: number) {
  const budget = new GrowthBudget(budgetCells);
  let nowMs = 0;
  const make = (heldCells = 0): Grant => new Grant(FIRST, MOST, budget, () => heldCells, nowMs);
  const busy = (...grants: Grant[]): void => {
    for (let round = 0; round < 100; round++) {
      for (const grant of grants) {
        grant.use(grant.window / 2, nowMs, 1000);
        if (grant.due) grant.tell();
      }
      nowMs += 1;
    }
  };
  const wait = (ms: number): void => void (nowMs += ms);
  return { budget, make, busy, wait };
}

describe('windows that share what they may grow by', () => {
  it('who asks gets what nobody uses any more', () => {
    const { make, busy, wait } = sharing(4096);
    const all = Array.from({ length: 10 }, () => {
      const one = make();
      busy(one);
      wait(GROWTH_IDLE_MS);
      return one;
    });
    assert.equal(all.at(-1)?.window, MOST);
    assert.ok(all.reduce((sum, one) => sum + one.window - FIRST, 0) <= 4096);
  });

  it('those that are in use come to within a factor of four of each other, however late they began', () => {
    const { make, busy } = sharing(4096);
    const early = [make(), make()];
    busy(...early);
    assert.deepEqual(
      [MOST, MOST],
      early.map((one) => one.window),
    ); // 2 × (2048 − 64) of 4096
    const all = [...early, ...Array.from({ length: 8 }, () => make())];
    busy(...all);
    const windows = all.map((one) => one.window);
    assert.ok(Math.max(...windows) <= 4 * Math.min(...windows), windows.join(' '));
    assert.ok(windows.reduce((sum, window) => sum + window - FIRST, 0) <= 4096, windows.join(' '));
    assert.ok(windows.reduce((sum, window) => sum + window, 0) >= 2048, windows.join(' '));
  });

  it('what stands in a window is not taken away', () => {
    const { budget, make, busy, wait } = sharing(2000);
    const full = make(MOST);
    busy(full);
    wait(10 * GROWTH_IDLE_MS);
    const late = make();
    busy(late);
    assert.equal(full.window, MOST);
    assert.ok(late.window === FIRST && budget.left < FIRST);
    full.release();
    busy(late);
    assert.equal(late.window, MOST);
    late.release();
    late.release();
    assert.equal(budget.left, 2000);
  });

  it('a limit that was told stands when its window is narrowed', () => {
    const { make, busy } = sharing(4096);
    const grant = make();
    busy(grant);
    const told = grant.told;
    grant.narrow(FIRST);
    assert.equal(grant.tell(), told);
    assert.equal(grant.due, false);
    busy(grant);
    assert.ok(grant.told > told);
  });
});

describe('channels of one circuit', () => {
  it('each carries as much in its turn as the first, though those before it stay open', async () => {
    const env = testEnv();
    const { builder, last } = circuitPair(env, { delayMs: 100, out: new Bottleneck(env, 20_000_000) });
    const [sender, receiver] = [startedChannels(env, builder), startedChannels(env, last)];
    const carried: number[] = [];
    for (let channel = 1; channel <= 6; channel++) {
      const count = use(receiver.channel(channel));
      const stop = fill(sender.channel(channel));
      await env.advance(2000);
      const before = count();
      await env.advance(1000);
      carried.push(count() - before);
      stop();
      await env.advance(GROWTH_IDLE_MS);
    }
    assert.ok(6 * (CHANNEL_WINDOW_MAX - FIRST) > 2 * CHANNEL_GROWTH_MAX); // or it shows nothing
    assert.ok(Math.min(...carried) >= 0.9 * Math.max(...carried), carried.join(' '));
  });
});

function use(pipe: Pipe): () => number {
  let payloads = 0;
  pipe.handler = {
    onPayload() {
      payloads++;
      pipe.consumed(1);
    },
    onReady() {},
    onClose() {},
  };
  return () => payloads;
}

function fill(pipe: Pipe): () => void {
  let stopped = false;
  const go = (): void => {
    while (pipe.ready && !stopped) pipe.send(new Uint8Array(PAYLOAD_BYTES));
  };
  pipe.handler = { onPayload() {}, onReady: go, onClose() {} };
  go();
  return () => void (stopped = true);
}
