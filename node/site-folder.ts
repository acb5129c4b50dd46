import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { equal } from '../src/core/bytes/bytes.ts';
import { GlobalNetError } from '../src/core/bytes/errors.ts';
import type { FileEntry } from '../src/core/wire/manifest.ts';
import { storeError } from './write-file.ts';

/** What a folder has already of the files that are to be written into it. */
export interface FolderPlan {
  readonly missing: readonly FileEntry[];
  /** There, with the same bytes. */
  readonly same: readonly FileEntry[];
  /** Something else is there under that name. */
  readonly different: readonly FileEntry[];
}

/** @throws GlobalNetError `malformed` when a path leads out of the folder; `refused` when it cannot be read. */
export async function planFolder(folder: string, files: readonly FileEntry[]): Promise<FolderPlan> {
  const plan = { missing: [] as FileEntry[], same: [] as FileEntry[], different: [] as FileEntry[] };
  for (const entry of files) plan[await compare(targetIn(folder, entry.path), entry)].push(entry);
  return plan;
}

async function compare(target: string, entry: FileEntry): Promise<keyof FolderPlan> {
  try {
    const found = await lstat(target);
    if (!found.isFile() || found.size !== entry.sizeBytes) return 'different';
    const hash = createHash('sha256');
    for await (const part of createReadStream(target)) hash.update(part as Uint8Array);
    return equal(hash.digest(), entry.hash) ? 'same' : 'different';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return 'missing';
    if (code === 'ENOTDIR') return 'different'; // a file lies where a folder is wanted
    throw storeError(error, target);
  }
}

/** Paths in a verified manifest have no '..' and no '/' in front; a second look costs nothing. */
export function targetIn(folder: string, path: string): string {
  const target = join(folder, ...path.split('/'));
  if (!target.startsWith(folder.endsWith(sep) ? folder : folder + sep)) {
    throw new GlobalNetError('malformed', `the site names a file outside of its folder: '${path}'`);
  }
  return target;
}

/** Writes a file whole or not at all. @throws GlobalNetError `full` | `refused`; and as `chunks`. */
export async function writeFileOf(target: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const unfinished = `${target}.${process.pid}.part`;
  try {
    await mkdir(dirname(target), { recursive: true });
    const file = await open(unfinished, 'w');
    try {
      for await (const chunk of chunks) await file.writeFile(chunk);
    } finally {
      await file.close();
    }
    await rename(unfinished, target);
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || code === 'EISDIR' || code === 'ENOTDIR' || code === 'ENOTEMPTY') {
      throw new GlobalNetError('refused', `${target} cannot be written: a file is where a folder is wanted, or the other way round`, {
        cause: error,
      });
    }
    throw storeError(error, target);
  }
}
