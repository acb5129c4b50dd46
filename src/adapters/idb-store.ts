import { del, get, promisifyRequest, set, type UseStore } from 'idb-keyval';
import type { ChunkStore, RecordStore } from '../core/ports.ts';
import { IdbDatabase } from './idb-database.ts';

/** What a tab keeps, in IndexedDB. Records are written through to the disk: guards and keys must not be undone by a power cut. */
export function openIdbStore(name = 'gnet'): { records: RecordStore; chunks: ChunkStore; close(): Promise<void> } {
  const database = new IdbDatabase(name);
  return { records: new IdbRecords(database), chunks: new IdbChunks(database), close: () => database.close() };
}

class IdbRecords implements RecordStore {
  readonly #use: UseStore;

  constructor(database: IdbDatabase) {
    this.#use = (mode, call) => database.run(['records'], mode, true, async (transaction) => call(transaction.objectStore('records')));
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return get<Uint8Array>(key, this.#use);
  }

  set(key: string, value: Uint8Array): Promise<void> {
    // Structured clone copies the whole buffer that a view is of, and it is copied when the transaction begins, not now.
    return set(key, value.slice(), this.#use);
  }

  delete(key: string): Promise<void> {
    return del(key, this.#use);
  }

  /** Keys are in order of their UTF-16 units, as `sort` has it. */
  keys(prefix: string): Promise<string[]> {
    const range = prefix === '' ? undefined : IDBKeyRange.bound(prefix, `${prefix}\uffff`);
    return this.#use('readonly', (store) => promisifyRequest(store.getAllKeys(range))) as Promise<string[]>;
  }
}

interface WaitingPut {
  readonly hash: Uint8Array<ArrayBuffer>;
  readonly chunk: Uint8Array;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Chunks, written in groups: while one transaction runs, puts gather for the next. One each would be several times slower
 * (docs/decisions/packs.md has the figures). Not written through: whoever reads a chunk checks its hash.
 */
class IdbChunks implements ChunkStore {
  #waiting: WaitingPut[] = [];
  #writing = false;

  constructor(private readonly database: IdbDatabase) {}

  async get(hash: Uint8Array): Promise<Uint8Array | undefined> {
    return this.database.run(['chunks'], 'readonly', false, (transaction) =>
      promisifyRequest<Uint8Array | undefined>(transaction.objectStore('chunks').get(hash.slice())),
    );
  }

  async has(hash: Uint8Array): Promise<boolean> {
    const count = await this.database.run(['sizes'], 'readonly', false, (transaction) =>
      promisifyRequest(transaction.objectStore('sizes').count(hash.slice())),
    );
    return count > 0;
  }

  put(hash: Uint8Array, chunk: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ hash: hash.slice(), chunk: chunk.slice(), resolve, reject });
      if (!this.#writing) void this.#writeWaiting();
    });
  }

  async #writeWaiting(): Promise<void> {
    this.#writing = true;
    await Promise.resolve(); // those put in the same turn come along
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0);
      try {
        await this.#write(group);
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#writing = false;
  }

  #write(group: readonly WaitingPut[]): Promise<void> {
    return this.database.run(['chunks', 'sizes'], 'readwrite', false, async (transaction) => {
      const [chunks, sizes] = [transaction.objectStore('chunks'), transaction.objectStore('sizes')];
      const distinct = new Map(group.map((put) => [String(put.hash), put]));
      const present = await Promise.all([...distinct.values()].map(({ hash }) => promisifyRequest(sizes.count(hash))));
      let added = 0;
      for (const [i, { hash, chunk }] of [...distinct.values()].entries()) {
        if (present[i] !== 0) continue;
        chunks.put(chunk, hash);
        sizes.put(chunk.length, hash);
        added += chunk.length;
      }
      if (added > 0) await addToTotal(sizes, added);
    });
  }

  delete(hash: Uint8Array): Promise<void> {
    const key = hash.slice();
    return this.database.run(['chunks', 'sizes'], 'readwrite', false, async (transaction) => {
      const sizes = transaction.objectStore('sizes');
      const lengthBytes = await promisifyRequest<number | undefined>(sizes.get(key));
      if (lengthBytes === undefined) return;
      transaction.objectStore('chunks').delete(key);
      sizes.delete(key);
      await addToTotal(sizes, -lengthBytes);
    });
  }

  async usedBytes(): Promise<number> {
    const total = await this.database.run(['sizes'], 'readonly', false, (transaction) =>
      promisifyRequest<number | undefined>(transaction.objectStore('sizes').get('total')),
    );
    return total ?? 0;
  }
}

/** In the same transaction as the chunks, so that tabs which share the store cannot miscount. */
async function addToTotal(sizes: IDBObjectStore, change: number): Promise<void> {
  const total = (await promisifyRequest<number | undefined>(sizes.get('total'))) ?? 0;
  sizes.put(total + change, 'total');
}
