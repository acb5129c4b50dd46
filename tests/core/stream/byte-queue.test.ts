import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteQueue } from '../../../src/core/stream/byte-queue.ts';
import { BLOCK_BYTES } from '../../../src/core/stream/constants.ts';

type Step = { append: number } | { drop: number } | { clear: true };

/** Pieces from a byte to a few blocks; what is dropped is a share of what is there. */
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ append: fc.oneof(fc.nat(200), fc.nat(3 * BLOCK_BYTES)) }) },
  { weight: 4, arbitrary: fc.record({ drop: fc.double({ min: 0, max: 1, noNaN: true }) }) },
  { weight: 1, arbitrary: fc.constant({ clear: true } as const) },
);

/** A queue, and what should be in it: bytes that tell whose they are and which. */
class Checked {
  readonly queue = new ByteQueue();
  #written = 0;
  #start = 0;

  constructor(readonly seed: number) {}

  #byte(offset: number): number {
    return (offset * 31 + this.seed * 101 + (offset >>> 8)) & 0xff;
  }

  take(what: Step): void {
    if ('append' in what) {
      const bytes = Uint8Array.from({ length: what.append }, (_, i) => this.#byte(this.#written + i));
      this.queue.append(bytes);
      this.#written += bytes.length;
      bytes.fill(0); // it was copied
    } else if ('drop' in what) {
      this.#start += Math.floor(what.drop * (this.#written - this.#start));
      this.queue.dropBefore(this.#start);
    } else {
      this.queue.clear();
      this.#start = this.#written;
    }
  }

  check(): void {
    assert.deepEqual([this.queue.start, this.queue.end], [this.#start, this.#written]);
    const held = new Uint8Array(this.queue.length);
    this.queue.copyTo(held, this.#start);
    assert.ok(
      held.every((byte, i) => byte === this.#byte(this.#start + i)),
      'what was written stands there',
    );
  }
}

test('queues that use each other’s blocks again hold what was written to them, and nothing else', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(2), step), { maxLength: 60 }), (steps) => {
      const queues = [new Checked(1), new Checked(2), new Checked(3)];
      for (const [which, what] of steps) (queues[which] as Checked).take(what);
      for (const queue of queues) queue.check();
    }),
    { seed: 7, numRuns: 150 },
  );
});

test('what was taken from a queue stays as it is, whatever others write', () => {
  const receiving = new ByteQueue();
  receiving.append(new Uint8Array(BLOCK_BYTES).fill(1));
  const taken = receiving.takeFirst() as Uint8Array;
  receiving.clear();
  const sending = new ByteQueue();
  sending.append(new Uint8Array(2 * BLOCK_BYTES).fill(2));
  sending.dropBefore(sending.end);
  new ByteQueue().append(new Uint8Array(2 * BLOCK_BYTES).fill(3));
  assert.ok(taken.every((byte) => byte === 1));
});
