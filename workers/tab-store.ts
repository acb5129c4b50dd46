import { openIdbStore } from '../src/adapters/idb-store.ts';
import { MemoryChunks, MemoryRecords } from '../src/adapters/memory-store.ts';
import type { ChunkStore, RecordStore } from '../src/core/ports.ts';

/** Where the tab keeps what it keeps: in memory where the browser gives no lasting storage. */
export async function openStore(): Promise<{ records: RecordStore; chunks: ChunkStore; kept: boolean }> {
  try {
    const store = openIdbStore();
    await store.records.keys('peer/'); // a browser that forbids storage says so at the first use
    return { ...store, kept: true };
  } catch {
    return { records: new MemoryRecords(), chunks: new MemoryChunks(), kept: false };
  }
}
