import { existsSync } from 'node:fs';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { type Command, COMMON_OPTIONS, type Invocation, type Option } from '../cli/command.ts';
import { configFileOf } from '../cli/config-file.ts';
import { SEPARATOR, variableOf } from '../cli/environment.ts';
import { inForce, placeOf, type Said, type Source } from '../cli/settings.ts';

/** @param commands all there are, this one too: asked for when it runs. */
export function configOf(commands: () => readonly Command[]): Command {
  return {
    name: 'config',
    usage: '[command]',
    summary: 'Shows every setting: what is in force, where it was said, and how it could be said; to be kept as a gnet.conf.',
    options: {},
    positionals: { min: 0, max: 1 },
    async run(invocation) {
      const [wanted] = invocation.positionals;
      const shown = commands().filter(({ name }) => wanted === undefined || name === wanted);
      if (shown.length === 0) throw new GlobalNetError('malformed', `there is no command '${wanted}'; 'gnet help' lists them`);
      const { path } = configFileOf(invocation.text('config'));
      if (!invocation.output.json) invocation.output.say(`# ${path}${existsSync(path) ? '' : ': there is no such file'}`, {});
      const say = (command: string | undefined, [name, option]: [string, Option]): void => {
        if (!option.flagOnly) sayOne(invocation, command, name, option);
      };
      for (const entry of Object.entries(COMMON_OPTIONS)) say(undefined, entry);
      for (const command of shown) {
        const options = Object.entries(command.options);
        const special = Object.entries(COMMON_OPTIONS).filter(([name]) => of(invocation.said, command.name, name).length > 0);
        if (options.length + special.length === 0) continue;
        if (!invocation.output.json) invocation.output.say(`\n[${command.name}]`, {});
        for (const entry of [...options, ...special]) say(command.name, entry);
      }
    },
  };
}

/** What is said of this command alone. */
function of(said: readonly Said[], command: string, name: string): readonly Said[] {
  return inForce(said, command, name).filter((one) => one.command === command && one.source.from !== 'flag');
}

function sayOne({ said, output }: Invocation, command: string | undefined, name: string, option: Option): void {
  const found = command === undefined ? inForce(said, 'config', name) : of(said, command, name);
  const values = found.flatMap((one) => one.values);
  const variable = variableOf(command, name);
  const [first] = found;
  const lines =
    first === undefined
      ? [
          `# ${option.help} (${variable}${option.multiple ? `, several with ${SEPARATOR} between` : ''})`,
          `# ${name} = ${option.value ?? 'no'}`,
        ]
      : [`# from ${sourceInWords(first.source, name)}`, ...values.map((value) => `${name} = ${value}`)];
  output.say(lines.join('\n'), { command: command ?? null, name, values, variable, source: first?.source ?? null });
}

function sourceInWords(source: Source, name: string): string {
  if (source.from === 'flag') return `--${name}`;
  return source.from === 'environment' ? source.variable : placeOf(source.path, source.line);
}
