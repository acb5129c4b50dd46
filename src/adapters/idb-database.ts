import { GlobalNetError } from '../core/bytes/errors.ts';

export type StoreName = 'records' | 'chunks' | 'sizes';

const VERSION = 1;

/**
 * The one IndexedDB database of the app, shared by the tabs of a profile:
 *
 *   records  key text → bytes
 *   chunks   hash (binary key) → bytes
 *   sizes    hash → length; 'total' → their sum
 */
export class IdbDatabase {
  #opened: Promise<IDBDatabase> | undefined;

  constructor(readonly name: string) {}

  /** Opens it when it is not open. @throws GlobalNetError `unsupported` where the browser gives no storage (some private windows). */
  #open(): Promise<IDBDatabase> {
    this.#opened ??= openDatabase(this.name).then((database) => {
      // Safari closes connections of its own accord; another tab may want to delete or upgrade: the next use opens anew.
      const forget = () => (this.#opened = undefined);
      database.onclose = forget;
      database.onversionchange = () => {
        forget();
        database.close();
      };
      return database;
    });
    this.#opened.catch(() => (this.#opened = undefined));
    return this.#opened;
  }

  /**
   * Runs `use` in a transaction, and resolves with its answer when that is complete. `durable`: written through to the disk;
   * else a power cut (not a crash of the browser) may undo the last seconds.
   * @throws GlobalNetError `full` when the browser has no room for it; then nothing of the transaction stays.
   */
  async run<T>(
    stores: StoreName[],
    mode: IDBTransactionMode,
    durable: boolean,
    use: (transaction: IDBTransaction) => Promise<T>,
  ): Promise<T> {
    const database = await this.#open();
    const transaction = database.transaction(stores, mode, { durability: durable ? 'strict' : 'relaxed' });
    const complete = new Promise<void>((resolve, reject) => {
      // Listeners: idb-keyval sets the `on…` properties of the transactions that it is handed.
      transaction.addEventListener('complete', () => resolve());
      transaction.addEventListener('abort', () => reject(storageError(transaction.error)));
    });
    complete.catch(() => undefined); // told once, below
    let answer: T;
    try {
      answer = await use(transaction);
    } catch (error) {
      throw storageError(error);
    }
    await complete;
    return answer;
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    (await opened)?.close();
  }
}

function openDatabase(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) =>
      reject(new GlobalNetError('unsupported', 'this browser gives the app no storage: nothing can be kept', { cause }));
    if (typeof indexedDB === 'undefined') return fail(undefined);
    const request = indexedDB.open(name, VERSION);
    request.onupgradeneeded = () => {
      for (const store of ['records', 'chunks', 'sizes']) request.result.createObjectStore(store);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => fail(request.error);
  });
}

function storageError(error: unknown): unknown {
  if ((error as DOMException | null)?.name !== 'QuotaExceededError') return error;
  return new GlobalNetError('full', "the browser's storage for this app is full", { cause: error });
}
