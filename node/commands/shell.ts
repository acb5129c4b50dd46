import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import type { Command, Invocation } from '../cli/command.ts';
import { controlSockets, dataFolderOf } from '../data-folder.ts';
import { version } from '../places.ts';
import { complete, OWN_WORDS, runPrompt } from '../prompt/index.ts';

/** @param commands all there are, this one too: asked for when it runs. */
export function shellOf(commands: () => readonly Command[]): Command {
  return {
    name: 'shell',
    usage: '',
    summary:
      'Takes commands one after another, with completion and history; from a pipe too, one a line. gnet alone, in a terminal, is this.',
    options: {},
    positionals: { min: 0, max: 0 },
    local: true,
    ownsTerminal: true,
    async run(invocation) {
      const { output, stop, text } = invocation;
      const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
      const data = dataFolderOf(text('data'));
      const source = { commands: commands(), own: OWN_WORDS, pids: () => controlSockets(data).map(({ pid }) => String(pid)) };
      if (isTerminal) output.note(`GlobalNet ${version()}. help lists the commands, Tab completes them, Ctrl-D leaves.`);
      return runPrompt({
        input: process.stdin,
        terminal: isTerminal ? process.stdout : undefined,
        output,
        stop,
        run: (words) => runAside(words, invocation, isTerminal),
        complete: (line) => complete(source, line),
      });
    },
  };
}

/**
 * In a process of its own: what a command leaves open cannot reach the next one, and Ctrl-C ends it as anywhere. The channel is its leash: it
 * ends with us.
 */
function runAside(words: readonly string[], { output, stop, flag, text }: Invocation, isTerminal: boolean): Promise<number> {
  if (words[0] === 'shell') {
    const { kind, message } = new GlobalNetError('malformed', 'these are the commands of gnet shell already: quit leaves it');
    output.fail(kind, message);
    return Promise.resolve(2);
  }
  const said = { GNET_DATA: text('data'), GNET_CONFIG: text('config') };
  // Behind the name, so that it counts for words too that are no command; `help json` would be another question.
  const [name, ...rest] = words as [string, ...string[]];
  const line = flag('json') && name !== 'help' ? [name, '--json', ...rest] : words;
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] as string, ...line], {
    // A pipe's lines are ours to read.
    stdio: [isTerminal ? 'inherit' : 'ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)) },
  });
  // Not by a signal: what ends us has often reached the whole group already, and who is asked twice ends at once.
  const release = (): void => child.disconnect();
  stop.addEventListener('abort', release, { once: true });
  return ended(child).finally(() => stop.removeEventListener('abort', release));
}

/** As a terminal's shell counts: of what a signal ended, 128 and its number. */
function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.on('error', () => resolve(1));
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}
