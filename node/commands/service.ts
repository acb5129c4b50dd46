import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { RELAY_ENVIRONMENT, RELAY_NODE_FLAGS } from '../child.ts';
import { type Command, type Invocation, optionsOf, parseCommand } from '../cli/command.ts';
import { configFileOf } from '../cli/config-file.ts';
import { SEPARATOR } from '../cli/environment.ts';
import { dataFolderOf, peerNameOf } from '../data-folder.ts';
import { PROGRAM } from '../places.ts';
import { removeUnit, stateOf, type UnitOptions, unitFolder, unitText, writeUnit } from '../systemd-unit.ts';

const LOW_PORTS_END = 1024;
/** What a system service does not see. */
const HOMES = /^\/(?:home|root|run\/user)(?:\/|$)/;

/** @param commands all there are: asked for when it runs. @param program what systemd is to run, before the command's name. */
export function serviceOf(commands: () => readonly Command[], program = [process.execPath, ...RELAY_NODE_FLAGS, PROGRAM]): Command {
  return {
    name: 'service',
    usage: 'install|uninstall|print [--system] [--unit <name>] <command> …',
    verbs: ['install', 'uninstall', 'print'],
    summary:
      'Has systemd run a command from now on: gnet service install relay --listen 203.0.113.7:9001. Its own flags stand before the command.',
    options: {
      system: {
        type: 'boolean',
        help: 'a service of the machine, with a user and a data folder of its own: needs root, and files that everybody may read',
        flagOnly: true,
      },
      unit: { type: 'string', value: '<name>', help: 'what systemd calls it (default: gnet-<command>)', check: peerNameOf, flagOnly: true },
      overwrite: { type: 'boolean', help: 'replace a unit of that name that runs something else', flagOnly: true },
    },
    positionals: { min: 1, max: Number.POSITIVE_INFINITY },
    ownArguments: 1,
    local: true,
    async run(invocation) {
      const { positionals, flag, text, output } = invocation;
      const [action, ...rest] = positionals;
      const [system, unitName] = [flag('system'), text('unit')];
      if (rest.length === 0 && (action !== 'uninstall' || unitName === undefined))
        throw new GlobalNetError('malformed', `gnet service ${action} of which command? 'gnet service --help' tells more`);
      const name = unitName ?? `gnet-${rest[0]}`;
      const path = join(unitFolder(system), `${name}.service`);
      const systemctl = `systemctl${system ? '' : ' --user'}`;
      if (action === 'uninstall') {
        removeUnit(path, system);
        const next = [`${systemctl} daemon-reload`, `${systemctl} stop ${name}`];
        return output.say(`Removed ${path}. What runs of it is ended by:\n${indented(next)}`, { removed: path, next });
      }
      if (action !== 'install' && action !== 'print')
        throw new GlobalNetError('malformed', `gnet service install, uninstall or print, not '${action}'`);
      const { unit, data } = describe(program, readAbout(commands(), invocation.said, rest), { system, name });
      const content = unitText(unit);
      if (action === 'print') return output.say(content.trimEnd(), { unit: content, path });
      if (!existsSync(PROGRAM)) throw new GlobalNetError('unsupported', `there is no ${PROGRAM} yet: 'npm run build' makes it`);
      await writeUnit(path, content, flag('overwrite'));
      const next = [`${systemctl} daemon-reload`, `${systemctl} enable --now ${name}`, ...(system ? [] : ['loginctl enable-linger'])];
      output.say(`Written ${path}. It is started, now and with ${system ? 'the machine' : 'your login'}, by:\n${indented(next)}`, {
        written: path,
        data,
        next,
      });
      if (!system) output.note('The last of these has it run while you are not logged in.');
      output.note(`Then: ${systemctl} status ${name}, and npx gnet status --data ${data}`);
    },
  };
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join('\n');
}

/** The command line that the service is about, read as it would be at its start. @throws GlobalNetError `malformed`: better now than in a log. */
function readAbout(commands: readonly Command[], said: Invocation['said'], [name = '', ...args]: readonly string[]) {
  const command = commands.find((known) => known.name === name);
  if (command?.serves !== true) {
    const names = commands.filter(({ serves }) => serves).map((known) => known.name);
    throw new GlobalNetError('malformed', `a service runs until it is stopped: ${names.join(', ')}; not '${name}'`);
  }
  const misplaced = ['data', 'config'].find((flag) => flagOf(said, flag) !== undefined);
  if (misplaced !== undefined) throw new GlobalNetError('malformed', `--${misplaced} is of the command that is run, and belongs behind it`);
  const elsewhere = said.filter(({ source }) => source.from !== 'flag');
  const parsed = parseCommand(command, args, () => elsewhere);
  command.check?.(parsed);
  // What a command does once, and what is not to stand in a unit that everybody may read.
  const once = parsed.said.find(
    ({ name: flag, source }) => source.from === 'flag' && flag !== 'config' && optionsOf(command)[flag]?.flagOnly,
  );
  if (once !== undefined) throw new GlobalNetError('malformed', `--${once.name} is of one call only: no service can have it`);
  return { name, args, text: parsed.text, said: parsed.said.filter((one) => one.command === undefined || one.command === name) };
}

/** @throws as `readAbout`; GlobalNetError `malformed` for what a system service cannot have. */
function describe(
  program: readonly string[],
  about: ReturnType<typeof readAbout>,
  { system, name }: Pick<UnitOptions, 'system' | 'name'>,
): { unit: UnitOptions; data: string } {
  const { text, said, args } = about;
  const state = stateOf(name);
  if (system && text('data') !== undefined)
    throw new GlobalNetError('malformed', `a system service keeps its data in ${state.path}: leave 'data' out`);
  const data = system ? state.path : dataFolderOf(text('data'));
  const config = configFileOf(text('config'));
  // Before the arguments: behind a -- among them nothing is a flag.
  const command = [
    ...program,
    about.name,
    ...(flagOf(said, 'data') === undefined ? ['--data', system ? state.told : data] : []),
    ...(existsSync(config.path) && flagOf(said, 'config') === undefined ? ['--config', config.path] : []),
    ...args,
  ];
  const hidden = command.find((word) => system && HOMES.test(word));
  if (hidden !== undefined)
    throw new GlobalNetError(
      'malformed',
      `a system service does not see ${hidden}: put it where everybody may read it, or leave --system out`,
    );
  const variables = said.flatMap(({ source, values, name: of }) =>
    source.from === 'environment' && of !== 'data' ? [[source.variable, values.join(SEPARATOR)] as const] : [],
  );
  const port = Number(/:(\d+)$/.exec(text('listen') ?? '')?.[1] ?? LOW_PORTS_END);
  const lowPort = port > 0 && port < LOW_PORTS_END;
  return {
    unit: { name, system, command, environment: { ...RELAY_ENVIRONMENT, ...Object.fromEntries(variables) }, folder: resolve('.'), lowPort },
    data,
  };
}

function flagOf(said: Invocation['said'], name: string): string | undefined {
  return said.find((one) => one.name === name && one.source.from === 'flag')?.values[0];
}
