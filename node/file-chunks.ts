import { access, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { base32 } from '../src/core/bytes/base32.ts';
import type { ChunkStore } from '../src/core/ports.ts';
import { isMissing, prepareFolder, storeError, writeWhole } from './write-file.ts';

/**
 * Chunks as files, a thousand folders of them. They are not forced to the disk one by one: whoever reads a chunk checks its
 * hash, so one that a power cut has torn is fetched again, and fsync for each would make a fetch many times slower.
 */
export class FileChunks implements ChunkStore {
  readonly #folders = new Set<string>();
  readonly #writes = new Map<string, Promise<void>>();
  #usedBytes: Promise<number> | undefined;
  #change = 0;

  private constructor(private readonly folder: string) {}

  static async open(folder: string): Promise<FileChunks> {
    await prepareFolder(folder);
    return new FileChunks(folder);
  }

  async get(hash: Uint8Array): Promise<Uint8Array | undefined> {
    const { path } = this.#place(hash);
    try {
      return new Uint8Array(await readFile(path));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw storeError(error, path);
    }
  }

  async has(hash: Uint8Array): Promise<boolean> {
    return access(this.#place(hash).path).then(
      () => true,
      () => false,
    );
  }

  /** Two puts of one chunk at once are one. */
  put(hash: Uint8Array, chunk: Uint8Array): Promise<void> {
    const { path, folder } = this.#place(hash);
    const writing = this.#writes.get(path);
    if (writing) return writing;
    const done = this.#put(path, folder, hash, chunk).finally(() => this.#writes.delete(path));
    this.#writes.set(path, done);
    return done;
  }

  async #put(path: string, folder: string, hash: Uint8Array, chunk: Uint8Array): Promise<void> {
    if (await this.has(hash)) return;
    if (!this.#folders.has(folder)) {
      await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error) => Promise.reject(storeError(error, folder)));
      this.#folders.add(folder);
    }
    await writeWhole(path, chunk, { durable: false, within: this.folder });
    this.#change += chunk.length;
  }

  async delete(hash: Uint8Array): Promise<void> {
    const { path } = this.#place(hash);
    const sizeBytes = await stat(path).then(
      ({ size }) => size,
      () => 0,
    );
    await rm(path, { force: true });
    this.#change -= sizeBytes;
  }

  /** Counted once, at the first question; kept up from then on. */
  async usedBytes(): Promise<number> {
    this.#usedBytes ??= this.#count();
    return (await this.#usedBytes) + this.#change;
  }

  async settled(): Promise<void> {
    await Promise.allSettled(this.#writes.values());
  }

  async #count(): Promise<number> {
    await this.settled();
    const before = this.#change;
    let sum = 0;
    for (const name of await readdir(this.folder)) {
      const folder = join(this.folder, name);
      const names = await readdir(folder).catch(() => []);
      const sizes = await Promise.all(
        names.map((file) =>
          stat(join(folder, file)).then(
            ({ size }) => size,
            () => 0,
          ),
        ),
      );
      sum += sizes.reduce((a, b) => a + b, 0);
    }
    return sum - before;
  }

  #place(hash: Uint8Array): { path: string; folder: string } {
    const name = base32(hash);
    const folder = join(this.folder, name.slice(0, 2));
    return { path: join(folder, name), folder };
  }
}
