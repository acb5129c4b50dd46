import { open, readFile, rm, stat } from 'node:fs/promises';
import { readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { GlobalNetError } from '../src/core/bytes/errors.ts';
import { storeError } from './write-file.ts';

/** A lock that is still empty is being written; after this long its writer was killed in between. */
const EMPTY_MS = 2000;
/** Breaking a dead process's lock takes a few system calls; a breaker that is older was killed. */
const BREAKER_MS = 10_000;
const POLL_MS = 20;
/** Another command's change takes some system calls. */
const SOON_TRIES = 50;
const SOON_WAIT_MS = 50;

/**
 * Takes `<folder>/lock` for this process, until the answer is called. A lock whose process has died does not count, so a crash
 * leaves nothing to clean up.
 * @param advice what the process that comes too late can do instead.
 * @throws GlobalNetError `busy` naming the process that holds it, `full` | `refused`.
 */
export async function lockFolder(folder: string, advice = 'name another data folder with --data'): Promise<() => void> {
  const path = join(folder, 'lock');
  const own = `${process.pid} ${startOf(process.pid)}\n`;
  for (;;) {
    try {
      await create(path, own);
      return () => release(path, own);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw storeError(error, path);
    }
    const holder = await contentOf(path);
    const pid = Number(holder?.split(' ')[0]);
    if (holder && isRunning(holder)) {
      throw new GlobalNetError('busy', `${folder} is in use by process ${pid}: stop it, or ${advice}`);
    }
    if (holder !== undefined) await breakLock(path, holder);
  }
}

/** As `lockFolder`, of a folder that other commands hold for moments: they are waited for. */
export async function lockFolderSoon(folder: string): Promise<() => void> {
  for (let tries = 1; ; tries++) {
    try {
      return await lockFolder(folder);
    } catch (error) {
      if (!(error instanceof GlobalNetError) || error.kind !== 'busy' || tries === SOON_TRIES) throw error;
    }
    await delay(SOON_WAIT_MS);
  }
}

async function create(path: string, content: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(content);
  } catch (error) {
    await rm(path, { force: true }); // a full disk: nobody must wait for an empty lock
    throw error;
  } finally {
    await file.close();
  }
}

/** The process that holds the folder's lock now. */
export function holderOf(folder: string): number | undefined {
  try {
    const holder = readFileSync(join(folder, 'lock'), 'utf8');
    return holder !== '' && isRunning(holder) ? Number(holder.split(' ')[0]) : undefined;
  } catch {
    return undefined;
  }
}

/** Removes the lock of a dead process. Under a lock of its own: else of two that see the same dead lock, the slower removes the faster one's new lock. */
async function breakLock(path: string, dead: string): Promise<void> {
  const breaker = `${path}.break`;
  if (dead === '' && (await ageMs(path)) < EMPTY_MS) return void (await delay(POLL_MS));
  try {
    await (await open(breaker, 'wx', 0o600)).close();
  } catch {
    if ((await ageMs(breaker)) > BREAKER_MS) await rm(breaker, { force: true });
    return void (await delay(POLL_MS));
  }
  try {
    if ((await contentOf(path)) === dead) await rm(path, { force: true });
  } finally {
    await rm(breaker, { force: true });
  }
}

function release(path: string, own: string): void {
  try {
    if (readFileSync(path, 'utf8') === own) unlinkSync(path);
  } catch {
    // somebody has deleted the folder: nothing is left to release
  }
}

function isRunning(holder: string): boolean {
  const [pid, start] = holder.trim().split(' ');
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  // The number may have gone to another process meanwhile.
  return start === undefined || start === '' || startOf(Number(pid)) === start;
}

/** When a process was started, in the kernel's ticks; '' where the system does not tell. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // Behind the name, which may hold blanks and brackets of its own: field 22 of proc(5).
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

async function contentOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

async function ageMs(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );
}
