import { parseArgs, type ParseArgsConfig } from 'node:util';
import { GlobalNetError, type ErrorKind } from '../../src/core/bytes/errors.ts';
import { joinUrls } from '../data-folder.ts';
import { logLevelOf } from './log-level.ts';
import type { Output } from './output.ts';
import { inForce, type Said } from './settings.ts';

/** One flag, which is a setting of file and environment too: `node:util`'s description, the sentence for `--help`, and what it may be. */
export interface Option {
  type: 'string' | 'boolean';
  help: string;
  /** What stands for the value in `--help`: `<folder>`. */
  value?: string;
  /** May be given several times. */
  multiple?: boolean;
  /** One letter: `-h`. */
  short?: string;
  /** Asked of each value, wherever it was said. @throws GlobalNetError `malformed`, naming the flag. */
  check?: (value: string) => unknown;
  /** A variable of the environment that counts where `GNET_…` says nothing: `PORT`. */
  env?: string;
  /** The value that the flag alone stands for; another one follows it behind `=`. */
  bare?: string;
  /** Of one call only: no file and no variable can say it. */
  flagOnly?: true;
}

export interface Invocation {
  positionals: string[];
  flag(name: string): boolean;
  text(name: string): string | undefined;
  /** Every value of a flag that may be given several times. */
  texts(name: string): string[];
  /** All that was said, of this command by flags, of all commands by environment and file; the most important first. */
  said: readonly Said[];
  output: Output;
  /** Fires at Ctrl-C or SIGTERM. */
  stop: AbortSignal;
}

export interface Command {
  name: string;
  /** Behind the name in the usage line: `<address> [--out <folder>]`. */
  usage: string;
  summary: string;
  /** What its first argument may be, where that is one of a few words. */
  verbs?: readonly string[];
  options: Record<string, Option>;
  positionals: { min: number; max: number };
  /** It joins no network itself: it has no `--join` and no `--log`. */
  local?: true;
  /** It runs until it is stopped: systemd may run it. */
  serves?: true;
  /** So many arguments are its own; those behind them, flags too, are another command that it is about. */
  ownArguments?: number;
  /** Ctrl-C at a terminal is for itself to take: it does not end by it. */
  ownsTerminal?: true;
  /** Of all that was said together, what no single value shows to be wrong; for who only writes the command down. @throws GlobalNetError `malformed`. */
  check?(said: Pick<Invocation, 'positionals' | 'said' | 'text' | 'texts'>): unknown;
  /** @returns its exit code, where that is another than 0. */
  run(invocation: Invocation): Promise<number> | Promise<void>;
}

export const COMMON_OPTIONS: Record<string, Option> = {
  json: { type: 'boolean', help: 'one JSON object a line instead of text' },
  help: { type: 'boolean', short: 'h', help: 'show this', flagOnly: true },
  config: {
    type: 'string',
    value: '<file>',
    help: 'the file with settings (default: $GNET_CONFIG, or gnet/gnet.conf in the user’s configuration folder)',
    flagOnly: true,
  },
  data: { type: 'string', value: '<folder>', help: 'the data folder (default: $GNET_DATA, or gnet in the user’s data folder)' },
  join: {
    type: 'string',
    value: '<ws url>',
    multiple: true,
    help: 'a bootstrap to join by; may be repeated (default: the local network that the data folder names)',
    check: (url) => joinUrls([url]),
  },
  log: { type: 'string', value: '<level>', help: 'debug, info, warn or error (default: warn)', check: logLevelOf },
};

/** Exit codes: 2 the input is wrong, 3 there is no way there now, 4 it was found and is not what it should be, 130 stopped by the user, 1 the rest. */
export function exitCodeOf(kind: ErrorKind): number {
  if (kind === 'malformed') return 2;
  if (kind === 'unverified') return 4;
  if (kind === 'cancelled') return 130; // what a shell says of a command that Ctrl-C ended
  return kind === 'unreachable' || kind === 'unknown' || kind === 'unserved' || kind === 'timeout' ? 3 : 1;
}

/**
 * Flags and arguments, and what is in force for the rest.
 * @param elsewhere what environment and file say, the most important first; told the file that `--config` names.
 * @throws GlobalNetError `malformed`, naming the flag; as `elsewhere`.
 */
export function parseCommand(
  command: Command,
  args: readonly string[],
  elsewhere: (config: string | undefined) => readonly Said[] = () => [],
): Omit<Invocation, 'output' | 'stop'> {
  const { own, about } = divide(command, args);
  const { values, positionals } = parseFlags(command, own);
  const { min, max } = command.positionals;
  const count = positionals.length + about.length;
  const asksHelp = values['help'] === true;
  if (!asksHelp && (count < min || count > max)) {
    const bare = Object.entries(optionsOf(command)).find(([name, option]) => option.bare !== undefined && args.includes(`--${name}`));
    const hint = bare === undefined ? '' : `; a value of --${bare[0]} stands behind '=', as --help shows`;
    throw new GlobalNetError('malformed', `usage: ${usageOf(command)}; 'gnet ${command.name} --help' tells more${hint}`);
  }
  const flags = Object.entries(values).map(([name, value]): Said => {
    const texts = (Array.isArray(value) ? value : [value]).map((one) => (typeof one === 'string' ? one : one ? 'yes' : 'no'));
    if (!asksHelp && typeof value !== 'boolean') for (const text of texts) optionsOf(command)[name]?.check?.(text);
    return { command: command.name, name, values: texts, source: { from: 'flag' } };
  });
  // Help must be had even where a setting is wrong.
  const said = asksHelp ? flags : [...flags, ...elsewhere(flags.find(({ name }) => name === 'config')?.values[0])];
  const texts = (name: string): string[] => inForce(said, command.name, name).flatMap((one) => one.values);
  return {
    positionals: [...positionals, ...about],
    flag: (name) => texts(name)[0] === 'yes',
    text: (name) => texts(name)[0],
    texts,
    said,
  };
}

type Flags = Record<string, string | boolean | (string | boolean)[]>;

function parseFlags(command: Command, args: readonly string[]): { values: Flags; positionals: string[] } {
  const options = describe(command);
  // `--no-stable` takes back what a file says. Not Node's `allowNegative`, which takes `--no-webrtc` for the negative of something.
  const end = args.includes('--') ? args.indexOf('--') : args.length; // behind it nothing is a flag
  const before = args.slice(0, end);
  const negatives = Object.keys(options).filter((name) => options[name]?.type === 'boolean' && before.includes(`--no-${name}`));
  const rest = [
    ...before.filter((arg) => !negatives.some((name) => arg === `--no-${name}`)).map((arg) => whole(command, arg)),
    ...args.slice(end),
  ];
  try {
    const { values, positionals } = parseArgs({ args: rest, options, allowPositionals: true });
    const both = negatives.find((name) => values[name] !== undefined);
    if (both !== undefined) throw new Error(`--${both} and --no-${both} contradict each other`);
    return { values: { ...(values as Flags), ...Object.fromEntries(negatives.map((name) => [name, false])) }, positionals };
  } catch (error) {
    const problem = (error as Error).message.split('.')[0];
    throw new GlobalNetError('malformed', `${problem}; 'gnet ${command.name} --help' lists the flags`);
  }
}

/** `--metrics` is `--metrics=on`. Not the next argument, as nobody could tell a value from what the command is about. */
function whole(command: Command, arg: string): string {
  const bare = arg.startsWith('--') ? optionsOf(command)[arg.slice(2)]?.bare : undefined;
  return bare === undefined ? arg : `${arg}=${bare}`;
}

function describe(command: Command): NonNullable<ParseArgsConfig['options']> {
  const entries = Object.entries(optionsOf(command)).map(
    ([name, { type, multiple = false, short }]) => [name, { type, multiple, ...(short === undefined ? {} : { short }) }] as const,
  );
  return Object.fromEntries(entries);
}

/** The command's own flags and arguments, and the command line that it is about. */
function divide(command: Command, args: readonly string[]): { own: readonly string[]; about: readonly string[] } {
  if (command.ownArguments === undefined) return { own: args, about: [] };
  const { tokens } = parseArgs({ args: [...args], options: describe(command), strict: false, allowPositionals: true, tokens: true });
  const first = tokens.filter(({ kind }) => kind === 'positional')[command.ownArguments];
  const end = first?.index ?? args.length;
  return { own: args.slice(0, end), about: args.slice(end) };
}

/** Its own flags first. */
export function optionsOf(command: Command): Record<string, Option> {
  const { join, log, ...rest } = COMMON_OPTIONS as Record<'join' | 'log', Option>;
  return { ...command.options, ...rest, ...(command.local ? {} : { join, log }) };
}

export function usageOf({ name, usage }: Pick<Command, 'name' | 'usage'>): string {
  return `gnet ${name} ${usage}`.trim();
}
