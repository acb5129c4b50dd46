import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { GlobalNetError } from '../src/core/bytes/errors.ts';
import { holderOf } from './folder-lock.ts';

/**
 * The one folder that all local processes share:
 *
 *   network.json      where the local network listens, while `gnet up` runs
 *   lock              the process of that `gnet up`
 *   relay-port        where its relays listened, to be used again
 *   run/<pid>.sock    control socket of each running process
 *   run/<pid>.token   what it must be asked with
 *   peers/<name>/     keys, guards and chunks of each headless peer; only one process at a time
 *   invitations/      to services of others, one file for each address
 *   signing/          keys that messages are signed with, one for each name
 *   trusted/          issuers whose word about services the user takes
 *   issuers/          keys that sign certificates, one for each name
 */
export interface LocalNetwork {
  pid: number;
  /** The app's URL, as printed. */
  app: string;
  /** WebSocket URLs of the bootstraps. */
  bootstraps: string[];
}

/** @param chosen by `--data`, `GNET_DATA` or a file. */
export function dataFolderOf(chosen: string | undefined): string {
  if (chosen !== undefined && chosen !== '') return resolve(chosen);
  const base = process.env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share');
  return join(base, 'gnet');
}

/** Makes the folder and what is in it, readable by its owner only, since keys lie there. */
export function openDataFolder(folder: string): void {
  try {
    makeFolders(folder);
    for (const part of ['run', 'peers']) makeFolders(join(folder, part));
  } catch (error) {
    throw new GlobalNetError(
      'refused',
      `the data folder ${folder} cannot be used (${(error as NodeJS.ErrnoException).code}): name another with --data`,
      { cause: error },
    );
  }
}

/**
 * Makes the folder and those above it. Not Node's `recursive`: where the system says of a folder that is there that it is not, as below
 * /proc, that tries for ever.
 */
function makeFolders(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(folder).isDirectory()) return;
    const parent = dirname(folder);
    if (code !== 'ENOENT' || existsSync(parent)) throw error;
    makeFolders(parent);
    makeFolders(folder);
  }
}

export function writeLocalNetwork(folder: string, network: LocalNetwork): void {
  const path = join(folder, 'network.json');
  writeFileSync(`${path}.new`, `${JSON.stringify(network, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function removeLocalNetwork(folder: string): void {
  rmSync(join(folder, 'network.json'), { force: true });
}

/** The local network that runs now, or undefined; a file left by a network that was killed does not count. */
export function readLocalNetwork(folder: string): LocalNetwork | undefined {
  try {
    const network = JSON.parse(readFileSync(join(folder, 'network.json'), 'utf8')) as LocalNetwork;
    // The lock knows a process by its start too: after a restart of the machine the number may be anybody's.
    return holderOf(folder) === network.pid ? network : undefined;
  } catch {
    return undefined;
  }
}

/** What `--join` names. @throws GlobalNetError `malformed`. */
export function joinUrls(joins: readonly string[]): string[] {
  for (const url of joins) {
    if (!/^wss?:\/\/[^/\s]+\S*$/.test(url) || !URL.canParse(url)) {
      throw new GlobalNetError('malformed', `--join wants a URL such as ws://127.0.0.1:9001, not '${url}'`);
    }
  }
  return [...joins];
}

/** The folder of a headless peer within the data folder. @throws GlobalNetError `malformed`. */
export function peerNameOf(text: string): string {
  if (/^[A-Za-z0-9][\w.-]{0,63}$/.test(text)) return text;
  throw new GlobalNetError('malformed', `--name wants up to 64 letters, digits, '-', '_' and '.', not '${text}'`);
}

export function peerFolderOf(folder: string, name: string): string {
  return join(folder, 'peers', name);
}

/** Bootstraps to join by: those given, or the local network's. @throws GlobalNetError `malformed`; `unreachable` with what to do. */
export function bootstrapsFor(folder: string, joins: readonly string[]): string[] {
  if (joins.length > 0) return joinUrls(joins);
  const network = readLocalNetwork(folder);
  if (network !== undefined) return network.bootstraps;
  throw new GlobalNetError(
    'unreachable',
    `no local network runs on the data folder ${folder}: start one with 'npm start', or name a bootstrap with --join`,
  );
}

/** Control sockets that processes have left in `run`, with the pid each file names. */
export function controlSockets(folder: string): { pid: number; path: string }[] {
  let names: string[];
  try {
    names = readdirSync(join(folder, 'run'));
  } catch {
    return [];
  }
  const found: { pid: number; path: string }[] = [];
  for (const name of names) {
    const pid = Number(/^(\d+)\.sock$/.exec(name)?.[1]);
    if (Number.isInteger(pid)) found.push({ pid, path: join(folder, 'run', name) });
  }
  return found.sort((a, b) => a.pid - b.pid);
}
