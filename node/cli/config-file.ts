import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { type Command, COMMON_OPTIONS, type Option, optionsOf } from './command.ts';
import { checked, importantFirst, placeOf, type Said } from './settings.ts';

export const CONFIG_VARIABLE = 'GNET_CONFIG';

/** The file that counts, and whether somebody has named it: then it must be there. */
export function configFileOf(flag: string | undefined): { path: string; named: boolean } {
  const named = flag ?? process.env[CONFIG_VARIABLE];
  if (named !== undefined && named !== '') return { path: resolve(named), named: true };
  return { path: join(process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'gnet', 'gnet.conf'), named: false };
}

/** What the file says; nothing where there is none. @throws GlobalNetError `refused` (it cannot be read), and as `parseConfig`. */
export function readConfigFile(commands: readonly Command[], flag: string | undefined): Said[] {
  const { path, named } = configFileOf(flag);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!named && (code === 'ENOENT' || code === 'ENOTDIR')) return [];
    if (code === 'ENOENT') throw new GlobalNetError('malformed', `there is no file ${path} with settings`, { cause: error });
    throw new GlobalNetError('refused', `the settings in ${path} cannot be read (${code})`, { cause: error });
  }
  return parseConfig(commands, path, text);
}

/**
 * Lines of `name = value`, first those of all commands, then, behind a line `[command]`, those of one. A line that begins with # is for
 * people. All of it is checked, whichever command is run: what is wrong is not there to be overlooked.
 * @throws GlobalNetError `malformed`, saying the line and what is wrong with it.
 */
export function parseConfig(commands: readonly Command[], path: string, text: string): Said[] {
  const said: Said[] = [];
  let command: Command | undefined;
  for (const [index, raw] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    const [content, line] = [raw.trim(), index + 1];
    const wrong = (problem: string): GlobalNetError => new GlobalNetError('malformed', `${placeOf(path, line)}: ${problem}`);
    if (content === '' || content.startsWith('#')) continue;
    const section = /^\[\s*([^\]]*?)\s*\]$/.exec(content)?.[1];
    if (section !== undefined) {
      command = commands.find(({ name }) => name === section);
      if (command === undefined) throw wrong(`there is no command '${section}'; 'gnet help' lists them`);
      continue;
    }
    const [, name = '', value = ''] = /^([\w-]+)\s*=\s*(.*)$/.exec(content) ?? [];
    if (name === '') throw wrong(`wanted 'name = value', '[command]', or a line that begins with #, not '${content}'`);
    const option = (command === undefined ? COMMON_OPTIONS : optionsOf(command))[name];
    if (option === undefined || option.flagOnly) throw wrong(unknownInWords(commands, command, name));
    if (value === '') throw wrong(`${name} has no value; to leave it open, begin the line with #`);
    const before = said.find((one) => one.name === name && one.command === command?.name);
    if (before?.source.from === 'file' && !option.multiple) throw wrong(`${name} is set in line ${before.source.line} already`);
    const values = [checked(option, name, value, placeOf(path, line))];
    said.push({ command: command?.name, name, values, source: { from: 'file', path, line } });
  }
  return importantFirst(said);
}

function unknownInWords(commands: readonly Command[], command: Command | undefined, name: string): string {
  if (COMMON_OPTIONS[name]?.flagOnly) return `${name} can be said as a flag only`;
  if (command !== undefined) return `gnet ${command.name} has no setting '${name}'; 'gnet config ${command.name}' lists those it has`;
  const owners = commands.filter(({ options }) => settable(options[name])).map((owner) => `[${owner.name}]`);
  return owners.length === 0
    ? `there is no setting '${name}'; 'gnet config' lists them`
    : `${name} is a setting of one command: it belongs below ${owners.join(' or ')}`;
}

function settable(option: Option | undefined): boolean {
  return option !== undefined && !option.flagOnly;
}
