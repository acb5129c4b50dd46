import { mkdir, rm } from 'node:fs/promises';
import { lockFolderSoon } from './folder-lock.ts';
import { prepareFolder, storeError, writeWhole } from './write-file.ts';

/**
 * Changes a file in a folder of its own, one process at a time, whole or not at all.
 * @param change what the file is to hold then, undefined for no file; it reads what the file holds by itself.
 * @throws GlobalNetError `busy` | `full` | `refused`, and what `change` throws.
 */
export async function changeFile(folder: string, file: string, change: () => Promise<string | undefined>): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error) => Promise.reject(storeError(error, folder)));
  const release = await lockFolderSoon(folder);
  try {
    await prepareFolder(folder); // what a change left that was killed
    const content = await change();
    if (content === undefined) await rm(file, { force: true });
    else await writeWhole(file, Buffer.from(content), { durable: true });
  } finally {
    release();
  }
}
