import { GlobalNetError } from '../src/core/bytes/errors.ts';
import { exitCodeOf, parseCommand, type Command } from './cli/command.ts';
import { readConfigFile } from './cli/config-file.ts';
import { readEnvironment } from './cli/environment.ts';
import { surviveFaults } from './cli/faults.ts';
import { commandsHelp, helpOf, helpText } from './cli/help.ts';
import { Output } from './cli/output.ts';
import { certify } from './commands/certify.ts';
import { circuits } from './commands/circuits.ts';
import { configOf } from './commands/config.ts';
import { exit } from './commands/exit.ts';
import { expose } from './commands/expose.ts';
import { inbox } from './commands/inbox.ts';
import { open } from './commands/open.ts';
import { peers } from './commands/peers.ts';
import { proxy } from './commands/proxy.ts';
import { relay } from './commands/relay.ts';
import { seed } from './commands/seed.ts';
import { send } from './commands/send.ts';
import { serviceOf } from './commands/service.ts';
import { shellOf } from './commands/shell.ts';
import { status } from './commands/status.ts';
import { streams } from './commands/streams.ts';
import { trust } from './commands/trust.ts';
import { tunnel } from './commands/tunnel.ts';
import { up } from './commands/up.ts';
import { version } from './places.ts';

const COMMANDS: readonly Command[] = [
  up,
  seed,
  open,
  expose,
  proxy,
  tunnel,
  inbox,
  send,
  certify,
  trust,
  status,
  circuits,
  streams,
  peers,
  relay,
  exit,
  shellOf(() => COMMANDS),
  configOf(() => COMMANDS),
  serviceOf(() => COMMANDS),
];

function isTerminal(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true;
}

/** What ends a command: Ctrl-C, SIGTERM, a closed terminal, the end of the program that started it. */
function stopOn(controller: AbortController, leashed: boolean, ownsTerminal: boolean): void {
  const stop = (): void => controller.abort();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(130); // asked twice: at once
    stop();
  };
  // A terminal's Ctrl-C, and its end, reach the whole group: of `gnet up` the parent ends its children in order, they do not end by themselves.
  process.on('SIGINT', leashed || (ownsTerminal && isTerminal()) ? () => undefined : interrupt);
  process.on('SIGHUP', leashed ? () => undefined : stop);
  process.on('SIGTERM', leashed ? stop : interrupt);
  // The channel is the leash: it closes when the parent is gone, however it went.
  process.channel?.unref();
  process.on('disconnect', stop);
}

function find(name: string): Command {
  const command = COMMANDS.find((known) => known.name === name);
  if (command !== undefined) return command;
  if (name.startsWith('-'))
    throw new GlobalNetError('malformed', `a command comes before its flags: gnet <command> … ${name}; 'gnet help' lists the commands`);
  throw new GlobalNetError('malformed', `there is no command '${name}'; 'gnet help' lists them`);
}

/** Says what is asked of `gnet` itself; false when a command is to be run. */
function sayOfItself([name, of]: readonly string[], output: Output): boolean {
  const flag = of?.startsWith('-') ?? true;
  if (name === 'version' || name === '--version' || name === '-v') output.say(`gnet ${version()}`, { version: version() });
  else if (name !== undefined && name !== 'help' && name !== '--help' && name !== '-h') return false;
  else if (name === 'help' && of !== undefined && !flag) sayHelp(find(of), output);
  else output.say(commandsHelp(COMMANDS), { commands: COMMANDS.map(({ name, usage, summary }) => ({ name, usage, summary })) });
  return true;
}

function sayHelp(command: Command, output: Output): void {
  output.say(helpText(command), helpOf(command));
}

async function main(args: string[]): Promise<number> {
  const [name = '', ...rest] = args;
  const leashed = rest.includes('--leashed');
  const given = rest.filter((arg) => arg !== '--leashed');
  let output = new Output(args.includes('--json'));
  const controller = new AbortController();
  const hasFault = surviveFaults(() => controller.abort());
  // Who reads the results has gone (`gnet relay | head -1`): nobody is left to work for.
  process.stdout.on('error', () => controller.abort());
  process.stderr.on('error', () => undefined);
  try {
    if (sayOfItself(args, output)) return name === '' ? 2 : 0;
    const command = find(name);
    // Who starts a relay of `gnet up` says all by flags: what is set for the user's own relay is not for those.
    const elsewhere = leashed
      ? undefined
      : (file?: string) => [...readEnvironment(COMMANDS, process.env), ...readConfigFile(COMMANDS, file)];
    const parsed = parseCommand(command, given, elsewhere);
    output = new Output(parsed.flag('json'));
    if (parsed.flag('help')) {
      sayHelp(command, output);
      return 0;
    }
    stopOn(controller, leashed, command.ownsTerminal ?? false);
    const exitCode = await command.run({ ...parsed, output, stop: controller.signal });
    return hasFault() ? 1 : (exitCode ?? 0);
  } catch (error) {
    const known = error instanceof GlobalNetError;
    output.fail(known ? error.kind : 'internal', known ? error.message : String((error as Error)?.stack ?? error));
    return known && !hasFault() ? exitCodeOf(error.kind) : 1;
  }
}

const args = process.argv.slice(2);
process.exitCode = await main(args.length === 0 && isTerminal() ? ['shell'] : args);
// What is still open (idle links, timers of libraries) must not keep a finished command alive; what was said must still leave.
if (process.stdout.writableLength > 0) await new Promise((written) => process.stdout.write('', written));
process.exit();
