// npm and npx start us through a shell, pass a signal on to that shell, which ends and tells nobody, and when they are killed the shell lives
// on: so both of them are watched. Builtins only, as it runs before the first install.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isAlive } from './ensure.mjs';

const LOOK_EVERY_MS = 500;

/** Calls `onEnd` once, when the npm or npx that this process was started by is there no more; never where it was not. */
export function whenNpmEnds(onEnd) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  // Where the shell has become us, our parent is npm itself, and who started that is not our affair.
  const { name, ppid } = describe(parent);
  const npm = /^-?([a-z]*sh)$/.test(name) ? ppid : parent;
  const look = setInterval(() => {
    if (process.ppid === parent && isAlive(npm)) return;
    clearInterval(look);
    onEnd();
  }, LOOK_EVERY_MS);
  look.unref();
}

/** A process's program and its parent. */
function describe(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1'); // proc(5): the name in brackets, the state, the parent
    const end = stat.lastIndexOf(')');
    return { name: stat.slice(stat.indexOf('(') + 1, end), ppid: Number(stat.slice(end + 2).split(' ')[1]) };
  } catch {
    const [, ppid = '', name = ''] =
      /^\s*(\d+)\s+(\S+)/.exec(spawnSync('ps', ['-o', 'ppid=,comm=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '') ?? [];
    return { name: name.replace(/^.*\//, ''), ppid: Number(ppid) };
  }
}
