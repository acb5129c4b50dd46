import { parseArgs, type ParseArgsConfig } from 'node:util';
import { GlobalNetError, type ErrorKind } from '../../src/core/bytes/errors.ts';
import type { Output } from './output.ts';

/** One flag: `node:util`'s description and the sentence for `--help`. */
export interface Option {
  type: 'string' | 'boolean';
  help: string;
  /** What stands for the value in `--help`: `<folder>`. */
  value?: string;
  /** May be given several times. */
  multiple?: boolean;
  /** One letter: `-h`. */
  short?: string;
}

export interface Invocation {
  positionals: string[];
  flag(name: string): boolean;
  text(name: string): string | undefined;
  /** Every value of a flag that may be given several times. */
  texts(name: string): string[];
  output: Output;
  /** Fires at Ctrl-C or SIGTERM. */
  stop: AbortSignal;
}

export interface Command {
  name: string;
  /** Behind the name in the usage line: `<address> [--out <folder>]`. */
  usage: string;
  summary: string;
  options: Record<string, Option>;
  positionals: { min: number; max: number };
  /** It joins no network itself: it has no `--join` and no `--log`. */
  local?: true;
  run(invocation: Invocation): Promise<void>;
}

export const COMMON_OPTIONS: Record<string, Option> = {
  json: { type: 'boolean', help: 'one JSON object a line instead of text' },
  help: { type: 'boolean', short: 'h', help: 'show this' },
  data: { type: 'string', value: '<folder>', help: 'the data folder (default: $GNET_DATA, or gnet in the user’s data folder)' },
  join: {
    type: 'string',
    value: '<ws url>',
    multiple: true,
    help: 'a bootstrap to join by; may be repeated (default: the local network that the data folder names)',
  },
  log: { type: 'string', value: '<level>', help: 'debug, info, warn or error (default: warn)' },
};

/** Exit codes: 2 the input is wrong, 3 there is no way there now, 4 it was found and is not what it should be, 130 stopped by the user, 1 the rest. */
export function exitCodeOf(kind: ErrorKind): number {
  if (kind === 'malformed') return 2;
  if (kind === 'unverified') return 4;
  if (kind === 'cancelled') return 130; // what a shell says of a command that Ctrl-C ended
  return kind === 'unreachable' || kind === 'unknown' || kind === 'unserved' || kind === 'timeout' ? 3 : 1;
}

/** @throws GlobalNetError `malformed`, naming the flag. */
export function parseCommand(command: Command, args: readonly string[]): Pick<Invocation, 'positionals' | 'flag' | 'text' | 'texts'> {
  const options: ParseArgsConfig['options'] = {};
  for (const [name, { type, multiple = false, short }] of Object.entries(optionsOf(command))) {
    options[name] = short === undefined ? { type, multiple } : { type, multiple, short };
  }
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    const problem = (error as Error).message.split('.')[0];
    throw new GlobalNetError('malformed', `${problem}; 'gnet ${command.name} --help' lists the flags`);
  }
  const { min, max } = command.positionals;
  const count = parsed.positionals.length;
  if (!parsed.values['help'] && (count < min || count > max)) {
    throw new GlobalNetError('malformed', `usage: ${usageOf(command)}; 'gnet ${command.name} --help' tells more`);
  }
  const { values, positionals } = parsed;
  return {
    positionals,
    flag: (name) => values[name] === true,
    text: (name) => (typeof values[name] === 'string' ? values[name] : undefined),
    texts: (name) => (Array.isArray(values[name]) ? values[name].filter((value) => typeof value === 'string') : []),
  };
}

/** Its own flags first. */
function optionsOf(command: Command): Record<string, Option> {
  const { join, log, ...rest } = COMMON_OPTIONS as Record<'join' | 'log', Option>;
  return { ...command.options, ...rest, ...(command.local ? {} : { join, log }) };
}

function usageOf({ name, usage }: Command): string {
  return `gnet ${name} ${usage}`.trim();
}

export function helpOf(command: Command): string {
  const rows = Object.entries(optionsOf(command)).map(
    ([name, { short, value, help }]) => [`--${name}${short ? `, -${short}` : ''}${value ? ` ${value}` : ''}`, help] as const,
  );
  const width = Math.max(...rows.map(([left]) => left.length));
  return [usageOf(command), '', command.summary, '', ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)].join('\n');
}
