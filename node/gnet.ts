import { GlobalNetError } from '../src/core/bytes/errors.ts';
import { exitCodeOf, helpOf, parseCommand, type Command } from './cli/command.ts';
import { Output } from './cli/output.ts';
import { expose } from './commands/expose.ts';
import { open } from './commands/open.ts';
import { proxy } from './commands/proxy.ts';
import { relay } from './commands/relay.ts';
import { seed } from './commands/seed.ts';
import { status } from './commands/status.ts';
import { up } from './commands/up.ts';

const COMMANDS: readonly Command[] = [up, seed, open, expose, proxy, status, relay];

function help(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  return [
    'gnet <command> [arguments]',
    '',
    ...COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    "'gnet <command> --help' tells more.",
  ].join('\n');
}

/** Ctrl-C, SIGTERM and, for a child of `gnet up`, the end of its parent. */
function stopSignal(leashed: boolean): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130); // asked twice: at once
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  if (leashed) {
    process.channel?.unref();
    process.on('disconnect', stop);
    // A terminal's Ctrl-C reaches the whole group: the parent stops its children in order, they do not stop by themselves.
    process.removeListener('SIGINT', stop);
    process.on('SIGINT', () => undefined);
  }
  return controller.signal;
}

async function main(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  const leashed = rest.includes('--leashed');
  const given = rest.filter((arg) => arg !== '--leashed');
  const output = new Output(given.includes('--json'));
  if (name === undefined || name === '--help' || name === 'help') {
    process.stdout.write(`${help()}\n`);
    return name === undefined ? 2 : 0;
  }
  try {
    const command = COMMANDS.find((known) => known.name === name);
    if (command === undefined) throw new GlobalNetError('malformed', `there is no command '${name}'; 'gnet help' lists them`);
    const parsed = parseCommand(command, given);
    if (parsed.flag('help')) {
      process.stdout.write(`${helpOf(command)}\n`);
      return 0;
    }
    await command.run({ ...parsed, output, stop: stopSignal(leashed) });
    return 0;
  } catch (error) {
    const known = error instanceof GlobalNetError;
    output.fail(known ? error.kind : 'internal', known ? error.message : String((error as Error)?.stack ?? error));
    return known ? exitCodeOf(error.kind) : 1;
  }
}

// Who reads the results has gone (`gnet status | head -1`): nobody is left to work for. Notes may go unread.
process.stdout.on('error', () => process.exit());
process.stderr.on('error', () => undefined);
process.exitCode = await main(process.argv.slice(2));
// What is still open (idle links, timers of libraries) must not keep a finished command alive.
process.exit();
