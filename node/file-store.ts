import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChunkStore, RecordStore } from '../src/core/ports.ts';
import { FileChunks } from './file-chunks.ts';
import { FileRecords } from './file-records.ts';
import { lockFolder } from './folder-lock.ts';
import { storeError } from './write-file.ts';

/**
 * What a headless peer keeps, in one folder that only one process at a time may open:
 *
 *   lock                the process that holds it
 *   records/<key>       keys, guards, manifests: one file each
 *   chunks/<ab>/<hash>  chunks by SHA-256 in base32
 */
export interface FileStore {
  readonly records: RecordStore;
  readonly chunks: ChunkStore;
  /** Waits for what is being written and lets another process in. */
  close(): Promise<void>;
}

/** @throws GlobalNetError `busy` when another process has it open, `refused` when it may not be written. */
export async function openFileStore(folder: string): Promise<FileStore> {
  const release = await openFolder(folder).catch((error) => Promise.reject(storeError(error, folder)));
  try {
    const records = await FileRecords.open(join(folder, 'records'));
    const chunks = await FileChunks.open(join(folder, 'chunks'));
    return {
      records,
      chunks,
      async close() {
        await Promise.all([records.settled(), chunks.settled()]);
        release();
      },
    };
  } catch (error) {
    release();
    throw error;
  }
}

async function openFolder(folder: string): Promise<() => void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // It may be older than this program, or made by hand: keys lie in it.
  await chmod(folder, 0o700);
  return lockFolder(folder, 'take another folder with --name, or another data folder with --data');
}
