import { type Command, optionsOf, usageOf } from './command.ts';

interface HelpedOption {
  readonly name: string;
  readonly short: string | undefined;
  /** What stands for it; none where it is a switch. */
  readonly value: string | undefined;
  readonly multiple: boolean;
  readonly help: string;
}

/** What `--help` says, for programs. */
export interface CommandHelp {
  readonly usage: string;
  readonly summary: string;
  readonly options: readonly HelpedOption[];
}

export function helpOf(command: Command): CommandHelp {
  const options = Object.entries(optionsOf(command)).map(([name, { short, value, multiple = false, help }]) => ({
    name,
    short,
    value,
    multiple,
    help,
  }));
  return { usage: usageOf(command), summary: command.summary, options };
}

/** The same for people. */
export function helpText(command: Command): string {
  const rows = Object.entries(optionsOf(command)).map(
    ([name, { short, value, help, bare }]) =>
      [`--${name}${short ? `, -${short}` : ''}${bare ? `[=${value}]` : value ? ` ${value}` : ''}`, help] as const,
  );
  const elsewhere = `A flag may also be a line of gnet.conf or a variable: 'gnet config ${command.name}' shows how. --no-<flag> takes a switch back.`;
  return [usageOf(command), '', command.summary, '', ...columns(rows), '', elsewhere].join('\n');
}

export function commandsHelp(commands: readonly Command[]): string {
  const rows = commands.map(({ name, summary }) => [name, summary] as const);
  return ['gnet <command> [arguments]', '', ...columns(rows), '', "'gnet <command> --help' tells more."].join('\n');
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
