import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Command, optionsOf } from '../cli/command.ts';

export interface CompletionSource {
  readonly commands: readonly Command[];
  /** Words of the prompt itself. */
  readonly own: readonly string[];
  /** Processes that run. */
  pids(): string[];
}

const LEVELS = ['debug', 'info', 'warn', 'error'];

/** What the last word of a line may become, and that word: as `node:readline` wants it. Never throws. */
export function complete({ commands, own, pids }: CompletionSource, line: string): [string[], string] {
  const words = line.split(/\s+/).filter((word, i, all) => word !== '' || i === all.length - 1);
  const last = words.pop() as string;
  const [name, ...rest] = words;
  const among = (candidates: readonly string[]): [string[], string] => [
    candidates
      .filter((candidate) => candidate.startsWith(last))
      .map((candidate) => (candidate.endsWith('/') ? candidate : `${candidate} `)),
    last,
  ];
  const names = commands.map((command) => command.name);
  if (name === undefined) return among([...names, ...own]);
  if (name === 'help') return among(rest.length === 0 ? names : []);
  const command = commands.find((one) => one.name === name);
  if (command === undefined) return among([]);
  const options = optionsOf(command);
  if (last.startsWith('-')) return among(Object.keys(options).map((option) => `--${option}`));
  if (rest.length === 0 && command.verbs !== undefined) return among(command.verbs);
  const before = options[rest.at(-1)?.replace(/^--/, '') ?? ''];
  const wanted = before?.type === 'string' && before.bare === undefined ? (before.value ?? '') : command.usage;
  if (wanted === '<pid>') return among(pids());
  if (wanted === '<level>') return among(LEVELS);
  return among(/<folder>|<file>/.test(wanted) ? pathsLike(last) : []);
}

/** Names with blanks would need quotes, and are left out. */
function pathsLike(begun: string): string[] {
  const folder = begun.endsWith('/') ? begun : dirname(`${begun}x`);
  try {
    const entries = readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !/[\s'"\\]/.test(name));
    const prefix = begun.startsWith('./') || begun.includes('/') ? folder : '';
    return entries.map((entry) => `${prefix === '' ? entry.name : joined(prefix, entry.name)}${entry.isDirectory() ? '/' : ''}`);
  } catch {
    return [];
  }
}

/** As it was begun: `join` would take `./` away. */
function joined(folder: string, name: string): string {
  return folder === '.' || folder.startsWith('./') ? `./${join(folder, name)}` : join(folder, name);
}
