import { readdirSync, readFileSync } from 'node:fs';

/** Files that connections of a local port leave to the rest of the process: links, the store, threads, WebRTC. */
const OTHERS = 128;

/**
 * Files and sockets that this process may have open (`ulimit -n`; Node has raised it as far as it may be raised). Undefined where the system
 * does not say, or sets no limit.
 */
export function openFilesMax(): number | undefined {
  try {
    const found = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'));
    return found === null ? undefined : Number(found[1]);
  } catch {
    return undefined; // not Linux
  }
}

/** Of `wanted` connections, each of which holds a file, as many as there is room for where so many files may still be opened. */
export function connectionsWithin(wanted: number, filesLeft: number): number {
  return Math.max(1, Math.min(wanted, Math.floor(filesLeft - Math.min(OTHERS, filesLeft / 2))));
}

/** As many of `wanted` connections as this process has room for; `warn` is told where that is fewer. */
export function connectionsHere(wanted: number, warn: (why: string) => void): number {
  const filesMax = openFilesMax();
  if (filesMax === undefined) return wanted;
  const room = connectionsWithin(wanted, filesMax - readdirSync('/proc/self/fd').length);
  if (room < wanted)
    warn(`this process may have ${filesMax} files open (ulimit -n): it takes ${room} connections at a time, not ${wanted}`);
  return room;
}

/** Whether a system call failed because no file may be opened any more, by this process or by all of the machine. */
export function isOutOfFiles(code: string | undefined): boolean {
  return code === 'EMFILE' || code === 'ENFILE';
}
