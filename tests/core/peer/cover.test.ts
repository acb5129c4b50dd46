import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryPair } from '../../../src/adapters/memory-transport.ts';
import { COVER_BYTES_A_DAY } from '../../../src/core/peer/constants.ts';
import { Cover } from '../../../src/core/peer/cover.ts';
import { newFrame } from '../../../src/core/wire/frame.ts';
import { FRAME_CELL_BYTES, TAG_BYTES } from '../../../src/core/wire/geometry.ts';
import { FRAME } from '../../../src/core/wire/registry.ts';
import { linked } from '../../support/link-suite.ts';
import { testEnv } from '../../support/test-env.ts';

const DAY_MS = 86_400_000;

function fakeLink() {
  return {
    sentBytes: 0,
    cells: 0,
    sendFrame(frame: Uint8Array): void {
      this.sentBytes += frame.length;
      this.cells++;
    },
  };
}

for (const count of [1, 2, 3]) {
  test(`cover: ${count} idle guard links cost the budget of a day together, each the same, at intervals nobody can foresee`, async () => {
    const env = testEnv();
    const links = Array.from({ length: count }, fakeLink);
    const times: number[] = [];
    const first = links[0]!;
    const send = first.sendFrame.bind(first);
    first.sendFrame = (frame) => {
      times.push(env.now());
      send(frame);
    };
    const cover = new Cover(env, 3, () => links);
    cover.start();
    await env.advance(DAY_MS);
    cover.stop();
    const bytes = links.reduce((sum, { cells }) => sum + cells * (FRAME_CELL_BYTES + TAG_BYTES), 0);
    assert.ok(bytes <= 1.02 * COVER_BYTES_A_DAY && bytes >= 0.98 * COVER_BYTES_A_DAY, `${bytes} bytes`);
    for (const { cells } of links) assert.ok(Math.abs(cells / first.cells - 1) < 0.05);
    const gaps = new Set(times.slice(1).map((at, i) => at - (times[i] as number)));
    assert.ok(gaps.size > times.length / 3, `${gaps.size} lengths of ${times.length} silences`);
    assert.equal(env.clock.waiting, 0);
  });
}

test('cover: a link that carries something gets none', async () => {
  const env = testEnv();
  const [busy, idle] = [fakeLink(), fakeLink()];
  const traffic = (): void => {
    busy.sentBytes += FRAME_CELL_BYTES;
    env.schedule(1000, traffic);
  };
  traffic();
  const cover = new Cover(env, 2, () => [busy, idle]);
  cover.start();
  await env.advance(600_000);
  cover.stop();
  assert.equal(busy.cells, 0);
  assert.ok(idle.cells > 20);
});

test('cover: on the wire a cover cell is a message like that of a cell, and the other end says nothing of it', async () => {
  const env = testEnv();
  const wire: Uint8Array[] = [];
  const pair = async () => {
    const [near, far] = memoryPair(env, { delayMs: 10 });
    const send = near.send.bind(near);
    near.send = (message) => {
      wire.push(message.slice());
      send(message);
    };
    return [near, far] as [typeof near, typeof far];
  };
  const { a, b } = await linked({ env, pair, step: () => env.advance(1) });
  const link = a.opened[0]!;
  wire.length = 0;
  const cover = new Cover(env, 1, () => [link]);
  cover.start();
  await env.advance(30_000);
  cover.stop();
  const covers = wire.splice(0);
  assert.ok(covers.length >= 2);
  link.sendFrame(newFrame(link.newCircuitId(), FRAME.cell), 'own');
  await env.advance(100);
  const [cell] = wire;
  for (const message of covers) {
    assert.equal(message.length, cell!.length);
    assert.equal(message.length, FRAME_CELL_BYTES + TAG_BYTES);
    // Sealed: the zeros inside do not show, nor do two look alike.
    assert.ok(new Set(message).size > 200);
  }
  assert.equal(new Set(covers.map((message) => message.join())).size, covers.length);
  assert.equal(b.frames.length, 1); // the cell
  assert.equal(b.links.count, 1);
  assert.equal(b.opened[0]!.sentBytes, 0);
});
