import type { ChunkStore, RecordStore } from '../../src/core/ports.ts';

/** As much of an assertion library as the cases need: node:assert, or a page's own. */
export interface Assert {
  equal(got: unknown, wanted: unknown, message?: string): void;
  deepEqual(got: unknown, wanted: unknown, message?: string): void;
}

/** What every store must do, whatever it keeps things in. Each case gets an empty store; assertions throw. */
export interface StoreCase {
  readonly name: string;
  run(store: { records: RecordStore; chunks: ChunkStore }, assert: Assert): Promise<void>;
}

const bytes = (...values: number[]) => Uint8Array.from(values);
const hash = (value: number) => new Uint8Array(32).fill(value);

export const storeCases: readonly StoreCase[] = [
  {
    name: 'a record comes back as it was set, and is gone when deleted',
    async run({ records }, assert) {
      assert.equal(await records.get('a/b'), undefined);
      await records.set('a/b', bytes(1, 2, 3));
      assert.deepEqual(await records.get('a/b'), bytes(1, 2, 3));
      await records.set('a/b', bytes());
      assert.deepEqual(await records.get('a/b'), bytes());
      await records.delete('a/b');
      await records.delete('a/b');
      assert.equal(await records.get('a/b'), undefined);
    },
  },
  {
    name: 'keys are told apart by every letter, and listed in order by their beginning',
    async run({ records }, assert) {
      const keys = ['a', 'a/1', 'a/10', 'a/2', 'a.2', 'A/2', 'a/ü', 'a%2f', 'b'];
      for (const [i, key] of keys.entries()) await records.set(key, bytes(i));
      for (const [i, key] of keys.entries()) assert.deepEqual(await records.get(key), bytes(i), key);
      assert.deepEqual(await records.keys('a/'), ['a/1', 'a/10', 'a/2', 'a/ü']);
      assert.deepEqual((await records.keys('')).length, keys.length);
      assert.deepEqual(await records.keys('c'), []);
    },
  },
  {
    name: 'of writes to one key the last one stays, and later changes to the bytes are not seen',
    async run({ records }, assert) {
      const value = bytes(0);
      const writes = Array.from({ length: 20 }, (_, i) => {
        value[0] = i;
        return records.set('k', value);
      });
      value[0] = 99;
      await Promise.all(writes);
      assert.deepEqual(await records.get('k'), bytes(19));
    },
  },
  {
    name: 'a chunk is kept once, counted once, and gone when deleted',
    async run({ chunks }, assert) {
      assert.equal(await chunks.has(hash(1)), false);
      assert.equal(await chunks.get(hash(1)), undefined);
      await Promise.all([chunks.put(hash(1), new Uint8Array(100)), chunks.put(hash(1), new Uint8Array(100))]);
      await chunks.put(hash(2), new Uint8Array(50).fill(7));
      assert.equal(await chunks.has(hash(1)), true);
      assert.deepEqual(await chunks.get(hash(2)), new Uint8Array(50).fill(7));
      assert.equal(await chunks.usedBytes(), 150);
      await chunks.delete(hash(1));
      await chunks.delete(hash(1));
      assert.equal(await chunks.has(hash(1)), false);
      assert.equal(await chunks.usedBytes(), 50);
    },
  },
  {
    name: 'a chunk that is a part of a larger buffer is kept as that part alone',
    async run({ chunks }, assert) {
      const larger = new Uint8Array(1000).fill(3);
      await chunks.put(hash(3), larger.subarray(100, 200));
      larger.fill(4);
      assert.deepEqual(await chunks.get(hash(3)), new Uint8Array(100).fill(3));
    },
  },
];
