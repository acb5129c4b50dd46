import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import type { Option } from './command.ts';

/** Where a setting was said. */
export type Source =
  | { readonly from: 'flag' }
  | { readonly from: 'environment'; readonly variable: string }
  | { readonly from: 'file'; readonly path: string; readonly line: number };

/** A setting as somebody has said it: checked, and a switch as 'yes' or 'no'. */
export interface Said {
  /** The command it is said of; undefined: of every command that has it. */
  readonly command: string | undefined;
  readonly name: string;
  readonly values: readonly string[];
  readonly source: Source;
}

const SWITCH: Readonly<Record<string, string>> = {
  yes: 'yes',
  true: 'yes',
  on: 'yes',
  1: 'yes',
  no: 'no',
  false: 'no',
  off: 'no',
  0: 'no',
};

/**
 * What is in force of one setting: what was said first, and for a setting that may be said several times, all that was said of it in that
 * place. @param said the most important first. Empty when nobody has said anything.
 */
export function inForce(said: readonly Said[], command: string, name: string): readonly Said[] {
  const all = said.filter((one) => one.name === name && (one.command === command || one.command === undefined));
  const [first] = all;
  return all.filter(({ command: of, source }) => of === first?.command && source.from === first?.source.from);
}

/** What is said of one command goes before what is said of all. */
export function importantFirst(said: readonly Said[]): Said[] {
  return [...said.filter(({ command }) => command !== undefined), ...said.filter(({ command }) => command === undefined)];
}

/** A value from a file or the environment. @throws GlobalNetError `malformed`, saying where and why. */
export function checked({ type, check }: Option, name: string, text: string, where: string): string {
  if (type === 'string') {
    try {
      check?.(text);
      return text;
    } catch (error) {
      throw error instanceof GlobalNetError ? new GlobalNetError(error.kind, `${where}: ${error.message}`, { cause: error }) : error;
    }
  }
  const value = SWITCH[text.toLowerCase()];
  if (value === undefined) throw new GlobalNetError('malformed', `${where}: ${name} is yes or no, not '${text}'`);
  return value;
}

export function placeOf(path: string, line: number): string {
  return `${path}, line ${line}`;
}
