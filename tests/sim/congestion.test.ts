import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pipe } from '../../src/core/ports.ts';
import { FRAME_CELL_BYTES, PAYLOAD_BYTES } from '../../src/core/wire/geometry.ts';
import { Bottleneck, BusyLoops, circuitPair, type CircuitPairOptions } from '../support/circuit-pair.ts';
import { type TestEnv, testEnv } from '../support/test-env.ts';
import { startedChannels } from '../support/started-channels.ts';

const MB = 1_000_000;

/** Sends without end from the builder, and counts what the last hop has used up. */
function pour(env: TestEnv, options: CircuitPairOptions, channels = 1) {
  const { builder, last } = circuitPair(env, options);
  const sender = startedChannels(env, builder);
  const receiver = startedChannels(env, last);
  const counted = { bytes: 0, sender, receiver };
  for (let channel = 1; channel <= channels; channel++) pourChannel(sender.channel(channel), receiver.channel(channel), counted);
  return counted;
}

function pourChannel(from: Pipe, to: Pipe, counted: { bytes: number }): void {
  to.handler = {
    onPayload(payload) {
      counted.bytes += payload.length;
      to.consumed(1);
    },
    onReady() {},
    onClose() {},
  };
  const fill = (): void => {
    while (from.ready) from.send(new Uint8Array(PAYLOAD_BYTES));
  };
  from.handler = { onPayload() {}, onReady: fill, onClose() {} };
  fill();
}

async function rateOver(env: TestEnv, flow: { bytes: number }, ms: number): Promise<number> {
  const before = flow.bytes;
  await env.advance(ms);
  return ((flow.bytes - before) * 1000) / ms;
}

describe('the congestion window', () => {
  for (const { name, rate, delayMs, rounds } of [
    { name: '10 MB/s, round trip 0.4 s', rate: 10 * MB, delayMs: 200, rounds: 12 },
    { name: '10 MB/s, round trip 40 ms', rate: 10 * MB, delayMs: 20, rounds: 20 },
    { name: '2 MB/s, round trip 100 ms', rate: 2 * MB, delayMs: 50, rounds: 12 },
    { name: '15 MB/s, round trip 2 ms', rate: 15 * MB, delayMs: 1, rounds: 100 },
    { name: '125 KB/s (1 Mbit/s), round trip 0.4 s', rate: 125_000, delayMs: 200, rounds: 12 },
  ]) {
    it(`fills ${name} within ${rounds} round trips, with a bounded queue`, async () => {
      const env = testEnv();
      const out = new Bottleneck(env, rate);
      const flow = pour(env, { delayMs, out });
      await env.advance(rounds * 2 * delayMs);
      const startQueue = out.longestQueueCells;
      const reached = await rateOver(env, flow, Math.max(40 * delayMs, 3000));
      out.longestQueueCells = 0;
      await env.advance(5000);
      const queueMs = out.longestQueueCells * out.cellMs;
      const figures = `${(reached / rate).toFixed(3)} of the rate, queue ${queueMs.toFixed(0)} ms, at the start ${(startQueue * out.cellMs).toFixed(0)} ms, window ${flow.sender.stats.windowCells}, rtt ${flow.sender.stats.roundTripMs?.toFixed(0)}`;
      // PAYLOAD_BYTES of FRAME_CELL_BYTES are payload: the most that is possible.
      if (process.env['FIGURES'] !== undefined) console.log(name, figures);
      assert.ok(reached >= (0.9 * rate * PAYLOAD_BYTES) / FRAME_CELL_BYTES, figures);
      // The queue that is wanted is 2/√rate seconds and 10 ms; in steps, and after a probe, it may be twice that, and one ack's burst.
      const wantedMs = 2 * Math.sqrt(1000 * out.cellMs) + 10;
      assert.ok(queueMs <= 2 * wantedMs + 16 * out.cellMs, figures);
      // A doubling sees its queue a round trip later: at most one path's fill, and the first burst.
      assert.ok(startQueue * out.cellMs <= 2 * delayMs + 64 * out.cellMs + 2 * wantedMs, figures);
    });
  }

  for (const { name, rate, delayMs } of [
    { name: '10 MB/s, round trip 0.2 s', rate: 10 * MB, delayMs: 100 },
    { name: '10 MB/s, round trip 20 ms', rate: 10 * MB, delayMs: 10 },
  ]) {
    it(`fills ${name}, over four event loops a way that are up to 15 ms late`, async () => {
      const env = testEnv();
      const busy = (): BusyLoops => new BusyLoops(env, 4, 15);
      const flow = pour(env, { delayMs, out: new Bottleneck(env, rate), busy: busy(), busyBack: busy() });
      await env.advance(2500);
      const reached = await rateOver(env, flow, 3000);
      const figures = `${(reached / MB).toFixed(1)} MB/s, window ${flow.sender.stats.windowCells}`;
      if (process.env['FIGURES'] !== undefined) console.log(name, figures);
      assert.ok(reached >= (0.9 * rate * PAYLOAD_BYTES) / FRAME_CELL_BYTES, figures);
    });
  }

  it('a round trip of 0.4 s at 30 MB/s does not stall', async () => {
    const env = testEnv();
    const flow = pour(env, { delayMs: 200, out: new Bottleneck(env, 30 * MB) }, 2);
    await env.advance(8000);
    const reached = await rateOver(env, flow, 4000);
    assert.ok(reached >= 0.9 * 30 * MB * (PAYLOAD_BYTES / FRAME_CELL_BYTES), `${reached / MB} MB/s`);
  });

  it('two circuits over one bottleneck come to share it within a factor of 2', async () => {
    for (const delayMs of [20, 100]) {
      const env = testEnv();
      const out = new Bottleneck(env, 5 * MB);
      const first = pour(env, { delayMs, out });
      await env.advance(5000);
      const second = pour(env, { delayMs, out });
      await env.advance(30_000);
      out.longestQueueCells = 0;
      const [a, b] = await Promise.all([first, second].map((flow) => flow.bytes)).then(async (before) => {
        await env.advance(20_000);
        return [first.bytes - (before[0] as number), second.bytes - (before[1] as number)] as const;
      });
      const figures = `${delayMs} ms: ${(a / 20 / MB).toFixed(2)} and ${(b / 20 / MB).toFixed(2)} MB/s, queue ${(out.longestQueueCells * out.cellMs).toFixed(0)} ms`;
      assert.ok(Math.max(a, b) <= 2 * Math.min(a, b), figures);
      assert.ok(a + b >= 0.9 * 20 * 5 * MB * (PAYLOAD_BYTES / FRAME_CELL_BYTES), figures);
    }
  });

  it('fills its own link and keeps the queue there short', async () => {
    const env = testEnv();
    const out = new Bottleneck(env, 10 * MB);
    const flow = pour(env, { delayMs: 20, out, atSender: true });
    await env.advance(1000);
    const reached = await rateOver(env, flow, 3000);
    assert.ok(reached >= 0.9 * 10 * MB * (PAYLOAD_BYTES / FRAME_CELL_BYTES), `${reached / MB} MB/s`);
    assert.ok(out.longestQueueCells <= 33, `${out.longestQueueCells} cells`);
  });

  it('a circuit that has little to say keeps its window', async () => {
    const env = testEnv();
    const { builder, last } = circuitPair(env, { delayMs: 50 });
    const sender = startedChannels(env, builder);
    startedChannels(env, last);
    for (let i = 0; i < 200; i++) {
      sender.sendMessage(0x10, new Uint8Array(64));
      await env.advance(100);
    }
    assert.equal(sender.stats.windowCells, 64);
    assert.ok((sender.stats.roundTripMs as number) < 110);
  });
});
