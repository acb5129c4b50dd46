import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { type Command, COMMON_OPTIONS, type Option, optionsOf } from './command.ts';
import { CONFIG_VARIABLE } from './config-file.ts';
import { checked, importantFirst, type Said } from './settings.ts';

const PREFIX = 'GNET_';
/** Between the values of a setting that may have several; blanks are part of some. */
export const SEPARATOR = ';';

interface Known {
  readonly command: string | undefined;
  readonly name: string;
  readonly option: Option;
}

/** `GNET_LOG` of all commands, `GNET_RELAY_LISTEN` of one. */
export function variableOf(command: string | undefined, name: string): string {
  const words = command === undefined ? name : `${command}_${name}`;
  return PREFIX + words.replaceAll('-', '_').toUpperCase();
}

/**
 * What the environment says; an empty variable says nothing.
 * @throws GlobalNetError `malformed` for a value that cannot be used, and for a `GNET_…` that is no setting.
 */
export function readEnvironment(commands: readonly Command[], environment: Readonly<Record<string, string | undefined>>): Said[] {
  const known = variablesOf(commands);
  const said: Said[] = [];
  for (const variable of Object.keys(environment).sort()) {
    const text = environment[variable] ?? '';
    if (text === '' || variable === CONFIG_VARIABLE || !(variable.startsWith(PREFIX) || known.has(variable))) continue;
    const found = known.get(variable);
    if (found === undefined) {
      throw new GlobalNetError('malformed', `there is no setting for the variable ${variable}: unset it; 'gnet config' lists the settings`);
    }
    const { command, name, option } = found;
    // A variable of a general name counts where ours is silent.
    if (variable === option.env && environment[variableOf(command, name)]) continue;
    const texts = option.multiple ? text.split(SEPARATOR).map((one) => one.trim()) : [text];
    const values = texts.filter((one) => one !== '').map((one) => checked(option, name, one, variable));
    said.push({ command, name, values, source: { from: 'environment', variable } });
  }
  return importantFirst(said);
}

function variablesOf(commands: readonly Command[]): Map<string, Known> {
  const known = new Map<string, Known>();
  const add = (command: string | undefined, options: Record<string, Option>): void => {
    for (const [name, option] of Object.entries(options)) {
      if (option.flagOnly) continue;
      for (const variable of [variableOf(command, name), ...(option.env === undefined ? [] : [option.env])]) {
        if (known.has(variable)) throw new Error(`two settings have one variable: ${variable}`);
        known.set(variable, { command, name, option });
      }
    }
  };
  for (const command of commands) add(command.name, optionsOf(command));
  add(undefined, COMMON_OPTIONS);
  return known;
}
