import { createStore, set } from 'idb-keyval';
import { openIdbStore } from '../../../src/adapters/idb-store.ts';
import { hex } from '../../../src/core/bytes/bytes.ts';
import { profileHolder } from '../../../workers/profile-holder.ts';
import { smallAssert } from '../support/small-assert.ts';
import { storeCases } from '../../support/store-suite.ts';

/** Runs in a page: the store suite over IndexedDB, and how fast chunks go in and out. */

let count = 0;

async function runCase(name: string): Promise<string> {
  const found = storeCases.find((one) => one.name === name);
  const store = openIdbStore(`suite-${count++}`);
  try {
    await found?.run(store, smallAssert);
    return found ? 'ok' : `no case '${name}'`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await store.close();
  }
}

/** A store that is opened again has what was put before, from another connection too. */
async function reopen(): Promise<string> {
  const first = openIdbStore('reopened');
  await first.records.set('k', Uint8Array.of(1));
  await first.chunks.put(new Uint8Array(32), new Uint8Array(10));
  const second = openIdbStore('reopened');
  await second.chunks.put(new Uint8Array(32).fill(1), new Uint8Array(10));
  const seen = [(await second.records.get('k'))?.[0], await first.chunks.usedBytes(), await second.chunks.usedBytes()].join();
  await first.close();
  await second.close();
  return seen;
}

/** What tabs that come at one time take for the profile's holder, in hexadecimal. */
async function holders(count: number): Promise<string> {
  const { records, close } = openIdbStore('holders');
  const random = (bytes: number): Uint8Array => crypto.getRandomValues(new Uint8Array(bytes));
  const made = await Promise.all(Array.from({ length: count }, () => profileHolder(records, { random })));
  await close();
  return made.map(hex).join();
}

function hashOf(i: number): Uint8Array {
  const hash = new Uint8Array(32);
  new DataView(hash.buffer).setUint32(0, i);
  return hash;
}

/** MB/s of 64 KB chunks: in one at a time, in 32 at a time, out; and in by idb-keyval, one at a time and 32 at a time. */
async function measure(megabytes: number): Promise<Record<string, number>> {
  const chunks = megabytes * 16;
  const bytes = Array.from({ length: 32 }, () => crypto.getRandomValues(new Uint8Array(65536)));
  const store = openIdbStore('measured');
  const plain = createStore('plain', 'chunks');
  const rate = async (group: number, call: (i: number) => Promise<unknown>): Promise<number> => {
    const start = performance.now();
    for (let i = 0; i < chunks; i += group) await Promise.all(Array.from({ length: Math.min(group, chunks - i) }, (_, j) => call(i + j)));
    return Math.round((megabytes * 1000 * 1.048576) / (performance.now() - start));
  };
  return {
    putOne: await rate(1, (i) => store.chunks.put(hashOf(i), bytes[i % 32] as Uint8Array)),
    putGroup: await rate(32, (i) => store.chunks.put(hashOf(1_000_000 + i), bytes[i % 32] as Uint8Array)),
    keyvalOne: await rate(1, (i) => set(`${i}`, bytes[i % 32], plain)),
    keyvalGroup: await rate(32, (i) => set(`g${i}`, bytes[i % 32], plain)),
    getOne: await rate(1, (i) => store.chunks.get(hashOf(i))),
    getGroup: await rate(32, (i) => store.chunks.get(hashOf(i))),
    hasPerSecond: Math.round((await rate(32, (i) => store.chunks.has(hashOf(i)))) * 16),
  };
}

Object.assign(globalThis, { storeTest: { names: storeCases.map(({ name }) => name), runCase, reopen, holders, measure } });
