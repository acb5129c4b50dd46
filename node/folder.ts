import { constants, type Dirent } from 'node:fs';
import { access, readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import { GlobalNetError } from '../src/core/bytes/errors.ts';
import { MANIFEST_FILES_MAX } from '../src/core/wire/geometry.ts';
import { caseCollisions, pathProblem } from '../src/core/wire/path.ts';

/** A file to publish. */
export interface FolderFile {
  /** As it will stand in the manifest. */
  readonly path: string;
  /** The file itself, links followed. */
  readonly source: string;
}

export interface FolderScan {
  /** The folder's own path, links followed: what its key is kept under. */
  readonly folder: string;
  readonly files: readonly FolderFile[];
  /** What the author should know and may want so. */
  readonly notes: readonly string[];
}

export interface ScanOptions {
  /** Folders that must never be published, as the one where keys lie. */
  readonly barred?: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** Names shown of many. */
const SHOWN_MAX = 10;

/**
 * Lists what a folder would publish. Nothing is left out silently: names that begin with a dot (versions, settings, secrets) are
 * left out and noted, `.well-known` is not; all else that cannot be published is a reason to publish nothing.
 * @throws GlobalNetError `malformed` naming each file and what is wrong with it; `refused` when the folder cannot be read.
 */
export async function scanFolder(folder: string, { barred = [], signal }: ScanOptions = {}): Promise<FolderScan> {
  const root = await rootOf(folder);
  const scan = new Scan(root, await Promise.all(barred.map((path) => realpath(path).catch(() => path))), signal);
  await scan.walk(root, '', [root]);
  const { files, problems, notes } = scan;
  if (files.length > MANIFEST_FILES_MAX) problems.push(`it has over ${MANIFEST_FILES_MAX} files, the most that a pack can hold`);
  if (problems.length > 0) throw new GlobalNetError('malformed', `${folder} cannot be published:\n${listed(problems)}`);
  if (files.length === 0) throw new GlobalNetError('malformed', `${folder} cannot be published: there is no file in it`);
  if (!files.some(({ path }) => path === 'index.html'))
    notes.push('there is no index.html: whoever opens the address alone finds nothing, only links to single files work');
  for (const group of caseCollisions(files.map(({ path }) => path)))
    notes.push(`${group.map((path) => `'${path}'`).join(' and ')} differ in capitals only`);
  return { folder: root, files, notes };
}

function listed(problems: readonly string[]): string {
  const shown = problems.slice(0, SHOWN_MAX).map((problem) => `  ${problem}`);
  if (problems.length > SHOWN_MAX) shown.push(`  and ${problems.length - SHOWN_MAX} more`);
  return shown.join('\n');
}

export async function rootOf(folder: string): Promise<string> {
  try {
    const root = await realpath(folder);
    if ((await stat(root)).isDirectory()) return root;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR')
      throw new GlobalNetError('refused', `${folder} cannot be read (${code})`, { cause: error });
    throw new GlobalNetError('malformed', `there is no folder ${folder}`, { cause: error });
  }
  throw new GlobalNetError('malformed', `${folder} is a file: name the folder it is in`);
}

class Scan {
  readonly files: FolderFile[] = [];
  readonly problems: string[] = [];
  readonly notes: string[] = [];
  readonly #spelled = new Map<string, string>();

  constructor(
    private readonly root: string,
    private readonly barred: readonly string[],
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** @param above the real folders on the way here: a link back to one of them would never end. */
  async walk(folder: string, prefix: string, above: readonly string[]): Promise<void> {
    if (this.signal?.aborted) throw new GlobalNetError('cancelled', 'reading the folder was stopped');
    if (this.barred.some((path) => folder === path)) return void this.problems.push(`'${prefix}' is where this peer keeps its keys`);
    let entries: Dirent[];
    try {
      entries = await readdir(folder, { withFileTypes: true });
    } catch (error) {
      return void this.problems.push(`'${prefix}' cannot be read (${(error as NodeJS.ErrnoException).code})`);
    }
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (this.files.length > MANIFEST_FILES_MAX) return;
      await this.#visit(entry, join(folder, entry.name), prefix + entry.name, above);
    }
  }

  async #visit(entry: Dirent, source: string, path: string, above: readonly string[]): Promise<void> {
    if (entry.name.startsWith('.') && entry.name !== '.well-known')
      return void this.notes.push(`'${path}' is left out: its name begins with a dot`);
    if (entry.isSymbolicLink()) return this.#follow(source, path, above);
    if (entry.isDirectory()) return this.walk(source, `${path}/`, [...above, source]);
    if (entry.isFile()) return this.#add(source, path);
    this.problems.push(`'${path}' is ${kindOf(entry)}`);
  }

  async #follow(link: string, path: string, above: readonly string[]): Promise<void> {
    let target: string;
    try {
      target = await realpath(link);
    } catch {
      return void this.problems.push(`'${path}' is a link to what is not there, or to itself`);
    }
    if (!target.startsWith(this.root.endsWith(sep) ? this.root : this.root + sep) && target !== this.root) {
      return void this.problems.push(`'${path}' is a link that leads out of the folder, to ${target}`);
    }
    const within = target.slice(this.root.length).split(sep);
    if (within.some((name) => name.startsWith('.') && name !== '.well-known'))
      return void this.problems.push(
        `'${path}' is a link to '${basename(target)}', which is left out: a name on its way begins with a dot`,
      );
    const found = await stat(target);
    if (found.isFile()) return this.#add(target, path);
    if (!found.isDirectory()) return void this.problems.push(`'${path}' is a link to ${kindOf(found)}`);
    if (above.includes(target)) return void this.problems.push(`'${path}' is a link to a folder that it is in itself`);
    return this.walk(target, `${path}/`, [...above, target]);
  }

  async #add(source: string, name: string): Promise<void> {
    // U+FFFD stands where the name was no UTF-8: the file could not even be opened by it.
    if (name.includes('\ufffd')) return void this.problems.push(`'${name}' has a name that is not UTF-8`);
    const path = name.normalize('NFC');
    const problem = pathProblem(path);
    if (problem) return void this.problems.push(`${JSON.stringify(name)}: ${problem}`);
    const twin = this.#spelled.get(path);
    if (twin !== undefined) return void this.problems.push(`'${path}' is there twice, in two spellings of the same letters`);
    this.#spelled.set(path, name);
    const unreadable = await access(source, constants.R_OK).then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error.code,
    );
    if (unreadable) return void this.problems.push(`'${path}' cannot be read (${unreadable})`);
    this.files.push({ path, source });
  }
}

function kindOf(entry: Pick<Dirent, 'isFIFO' | 'isSocket'>): string {
  if (entry.isFIFO()) return 'a named pipe, not a file';
  if (entry.isSocket()) return 'a socket, not a file';
  return 'a device, not a file';
}
