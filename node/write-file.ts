import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GlobalNetError } from '../src/core/bytes/errors.ts';

/** No key and no hash is written with it, so a file that begins so is always one that was not finished. */
const UNFINISHED = '~';
let count = 0;

/**
 * The file holds either what it held before or all of `bytes`, whenever the process or the machine stops. `durable`: also
 * after the promise has resolved and the power fails. `within`: where the unfinished file lies, if not beside it.
 * @throws GlobalNetError `full` | `refused`; what was there before stays.
 */
export async function writeWhole(
  path: string,
  bytes: Uint8Array,
  { durable, within = dirname(path) }: { durable: boolean; within?: string },
): Promise<void> {
  const unfinished = join(within, `${UNFINISHED}${process.pid}.${count++}`);
  try {
    const file = await open(unfinished, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      if (durable) await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
    if (durable) await syncFolder(dirname(path));
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw storeError(error, path);
  }
}

/** A rename is on the disk only when its folder is (rename(2)); Windows cannot open folders and does not need it. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the folder, for its owner only, and removes what a process that was killed left in it. */
export async function prepareFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const name of await readdir(folder)) if (name.startsWith(UNFINISHED)) await rm(join(folder, name), { force: true });
  } catch (error) {
    throw storeError(error, folder);
  }
}

export function storeError(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return new GlobalNetError('full', `no room on the disk for ${path}`, { cause: error });
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new GlobalNetError('refused', `${path} may not be written (${code})`, { cause: error });
  return error;
}

export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
