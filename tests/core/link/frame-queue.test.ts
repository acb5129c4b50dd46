import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FrameQueue } from '../../../src/core/link/frame-queue.ts';
import { frameCircuitId, newFrame } from '../../../src/core/wire/frame.ts';
import { FRAME_CELL_BYTES, FRAME_SETUP_BYTES } from '../../../src/core/wire/geometry.ts';
import { FRAME } from '../../../src/core/wire/registry.ts';

const cell = (circuitId: number): Uint8Array => newFrame(circuitId, FRAME.cell);
const setup = (circuitId: number): Uint8Array => newFrame(circuitId, FRAME.setup);

/** Circuit ids in the order in which the queue gives the next `count` frames. */
function order(queue: FrameQueue, count: number): number[] {
  return Array.from({ length: count }, () => frameCircuitId(queue.take(FRAME_SETUP_BYTES, FRAME_SETUP_BYTES)[0] ?? cell(0)));
}

function fill(queue: FrameQueue, circuitId: number, count: number, frameClass: 'own' | 'relayed'): void {
  for (let i = 0; i < count; i++) queue.push(cell(circuitId), frameClass);
}

function takeOne(queue: FrameQueue): number {
  return frameCircuitId(queue.take(FRAME_CELL_BYTES, FRAME_CELL_BYTES)[0] ?? cell(0));
}

describe('frame queue', () => {
  it('gives circuits of one class a cell each by turns', () => {
    const queue = new FrameQueue();
    for (const id of [1, 2, 3]) fill(queue, id, 10, 'relayed');
    const taken = Array.from({ length: 30 }, () => takeOne(queue));
    for (let turn = 0; turn < 10; turn++) assert.deepEqual(taken.slice(3 * turn, 3 * turn + 3).sort(), [1, 2, 3]);
    assert.equal(queue.waitingBytes, 0);
  });

  it('own frames never take more than half while relayed ones wait, however many circuits they are', () => {
    const queue = new FrameQueue();
    fill(queue, 1, 200, 'relayed');
    for (let id = 100; id < 150; id++) fill(queue, id, 10, 'own');
    const taken = Array.from({ length: 200 }, () => takeOne(queue));
    assert.equal(taken.filter((id) => id === 1).length, 100);
  });

  it('either class has the whole link while the other is silent, and no debt afterwards', () => {
    const queue = new FrameQueue();
    fill(queue, 1, 100, 'own');
    for (let i = 0; i < 50; i++) assert.equal(takeOne(queue), 1);
    fill(queue, 2, 50, 'relayed');
    const taken = Array.from({ length: 40 }, () => takeOne(queue));
    assert.equal(taken.filter((id) => id === 2).length, 20);
  });

  it('a fresh circuit goes first; its setup packet is paid for by the turns it then waits', () => {
    const queue = new FrameQueue();
    fill(queue, 1, 50, 'own');
    takeOne(queue);
    queue.push(setup(2), 'own');
    queue.push(cell(2), 'own');
    assert.deepEqual(order(queue, 1), [2]);
    const rest = Array.from({ length: 20 }, () => takeOne(queue));
    assert.equal(rest.indexOf(2), Math.floor(FRAME_SETUP_BYTES / FRAME_CELL_BYTES), 'as many bytes of the other circuit come first');
  });

  it('a trickle that always comes as fresh does not starve a bulk circuit', () => {
    const queue = new FrameQueue();
    fill(queue, 1, 100, 'own');
    let bulk = 0;
    for (let i = 0; i < 100; i++) {
      queue.push(cell(2), 'own');
      if (takeOne(queue) === 1) bulk++;
    }
    assert.ok(bulk >= 40, `bulk had ${bulk} of 100 turns`);
  });

  it('control goes before all', () => {
    const queue = new FrameQueue();
    fill(queue, 1, 3, 'own');
    queue.push(newFrame(0, FRAME.control), 'control');
    assert.equal(queue.take(FRAME_CELL_BYTES, FRAME_CELL_BYTES)[0]?.[4], FRAME.control);
  });

  it('stops at a frame that does not fit, and gives it next', () => {
    const queue = new FrameQueue();
    queue.push(setup(1), 'own');
    fill(queue, 2, 1, 'own');
    assert.equal(queue.take(FRAME_CELL_BYTES, FRAME_CELL_BYTES).length, 0);
    assert.equal(queue.take(FRAME_SETUP_BYTES + FRAME_CELL_BYTES, FRAME_SETUP_BYTES + FRAME_CELL_BYTES).length, 2);
  });

  it('forgets a circuit that was dropped, and takes it anew', () => {
    const queue = new FrameQueue();
    fill(queue, 1, 5, 'own');
    fill(queue, 2, 1, 'own');
    queue.dropCircuit(1);
    assert.equal(queue.waitingBytes, FRAME_CELL_BYTES);
    assert.equal(takeOne(queue), 2);
    assert.equal(queue.take(FRAME_SETUP_BYTES, FRAME_SETUP_BYTES).length, 0);
    fill(queue, 1, 1, 'relayed');
    assert.equal(takeOne(queue), 1);
  });

  it('calls back once, when fewer frames wait than asked for', () => {
    const queue = new FrameQueue();
    fill(queue, 1, 5, 'own');
    const calls: number[] = [];
    queue.whenBelow(1, 3, () => calls.push(3));
    queue.whenBelow(1, 5, () => calls.push(5));
    const run = (): void => {
      takeOne(queue);
      for (const call of queue.takeDue()) call();
    };
    run();
    assert.deepEqual(calls, [5]);
    run();
    assert.deepEqual(calls, [5]);
    run();
    run();
    assert.deepEqual(calls, [5, 3]);
  });
});
