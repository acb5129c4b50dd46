import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RecordStore } from '../src/core/ports.ts';
import { isMissing, prepareFolder, storeError, writeWhole } from './write-file.ts';

/** The longest file name that every file system takes, with room for the name of an unfinished one. */
const NAME_MAX_LENGTH = 240;

/** Records as files: the name is the key, `/` as `.`, and all but `a-z 0-9 - _` as `%` and two digits: capitals too, for disks without case. */
export class FileRecords implements RecordStore {
  /** The last write of each key: writes of one key keep their order. */
  readonly #writes = new Map<string, Promise<void>>();

  private constructor(private readonly folder: string) {}

  static async open(folder: string): Promise<FileRecords> {
    await prepareFolder(folder);
    return new FileRecords(folder);
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    await this.#writes.get(key)?.catch(() => undefined);
    try {
      return new Uint8Array(await readFile(this.#path(key)));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw storeError(error, this.#path(key));
    }
  }

  set(key: string, value: Uint8Array): Promise<void> {
    const path = this.#path(key);
    const bytes = value.slice(); // the caller may change its own while this waits
    return this.#inOrder(key, () => writeWhole(path, bytes, { durable: true }));
  }

  delete(key: string): Promise<void> {
    const path = this.#path(key);
    return this.#inOrder(key, () => rm(path, { force: true }));
  }

  async keys(prefix: string): Promise<string[]> {
    await this.settled();
    const keys = (await readdir(this.folder)).map(keyOf).filter((key) => key !== undefined);
    return keys.filter((key) => key.startsWith(prefix)).sort();
  }

  async settled(): Promise<void> {
    await Promise.allSettled(this.#writes.values());
  }

  #inOrder(key: string, write: () => Promise<void>): Promise<void> {
    const done = (this.#writes.get(key) ?? Promise.resolve()).catch(() => undefined).then(write);
    this.#writes.set(key, done);
    void done
      .catch(() => undefined)
      .finally(() => {
        if (this.#writes.get(key) === done) this.#writes.delete(key);
      });
    return done;
  }

  #path(key: string): string {
    const name = recordFile(key);
    if (name === '' || name.length > NAME_MAX_LENGTH)
      throw new RangeError(`a record's key makes a name of ${name.length} characters, wanted 1 to ${NAME_MAX_LENGTH}`);
    return join(this.folder, name);
  }
}

/** The name of a record's file, in the folder of all of them. */
export function recordFile(key: string): string {
  return [...Buffer.from(key)].map((byte) => nameOf(byte)).join('');
}

function nameOf(byte: number): string {
  const letter = String.fromCharCode(byte);
  if (/[a-z0-9_-]/.test(letter)) return letter;
  return letter === '/' ? '.' : `%${byte.toString(16).padStart(2, '0')}`;
}

function keyOf(name: string): string | undefined {
  if (!/^(?:[a-z0-9_.-]|%[0-9a-f]{2})+$/.test(name)) return undefined; // not ours
  return decodeURIComponent(name.replaceAll('.', '/'));
}
