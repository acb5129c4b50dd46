import { createInterface, type Interface } from 'node:readline';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { exitCodeOf } from '../cli/command.ts';
import type { Output } from '../cli/output.ts';
import { wordsOf } from './words.ts';

const PROMPT = 'gnet> ';
const HISTORY_LINES = 1_000;

/** Words of the prompt itself. */
export const OWN_WORDS = ['help', 'quit'];

export interface PromptOptions {
  readonly input: NodeJS.ReadableStream & { setRawMode?(raw: boolean): unknown };
  /** Where lines are edited; undefined: there is nobody to edit them. */
  readonly terminal: NodeJS.WritableStream | undefined;
  readonly output: Output;
  readonly stop: AbortSignal;
  /** One command to its end. @returns its exit code. */
  run(words: readonly string[]): Promise<number>;
  /** What the last word of a line may become, and that word. */
  complete(line: string): [string[], string];
}

/**
 * Reads commands, one a line, until the end of the input, `quit` or `stop`.
 * @returns the exit code of the last one that failed; on a terminal 0, where each was seen to fail.
 */
export async function runPrompt(options: PromptOptions): Promise<number> {
  const { input, terminal, output, stop, run } = options;
  const lines = openLines(options);
  let closed = false;
  lines.on('close', () => (closed = true));
  const leave = (): void => lines.close();
  stop.addEventListener('abort', leave, { once: true });
  /** A command has the terminal for itself, as it comes. */
  const aside = async (words: readonly string[]): Promise<number> => {
    if (terminal === undefined) return run(words);
    lines.pause();
    input.setRawMode?.(false);
    const code = await run(words);
    input.setRawMode?.(true);
    if (!closed) lines.resume();
    return code;
  };
  let failure = 0;
  if (terminal !== undefined) lines.prompt();
  for await (const line of lines) {
    const { words, code } = readWords(line, output);
    if (leaves(words)) break;
    failure = (words.length === 0 ? code : await aside(words)) || failure;
    if (stop.aborted || (closed && terminal !== undefined)) break; // of a pipe that has ended, lines are left
    if (terminal !== undefined) lines.prompt();
  }
  lines.close();
  stop.removeEventListener('abort', leave);
  return terminal === undefined ? failure : 0;
}

function openLines({ input, terminal, output, complete }: PromptOptions): Interface {
  const lines = createInterface({
    input,
    ...(terminal === undefined ? {} : { output: terminal }),
    terminal: terminal !== undefined,
    prompt: PROMPT,
    // In memory alone: on a disk it would be a list of where somebody went.
    historySize: HISTORY_LINES,
    removeHistoryDuplicates: true,
    completer: complete,
  });
  lines.on('SIGINT', () => clearLine(lines, output));
  return lines;
}

/** `exit` with flags is the command that runs an exit. Alone it is a habit, and nobody should become an exit by it. */
function leaves(words: readonly string[]): boolean {
  return words.length === 1 && (words[0] === 'quit' || words[0] === 'exit');
}

/** No words where there is nothing to do; the code says whether that is a fault. */
function readWords(line: string, output: Output): { words: string[]; code: number } {
  try {
    const words = wordsOf(line);
    // Lines are copied from where `npx gnet` stands before them.
    if (words[0] === 'npx') words.shift();
    if (words[0] === 'gnet') words.shift();
    return { words, code: 0 };
  } catch (error) {
    if (!(error instanceof GlobalNetError)) throw error;
    output.fail(error.kind, error.message);
    return { words: [], code: exitCodeOf(error.kind) };
  }
}

function clearLine(lines: Interface, output: Output): void {
  if (lines.line === '') output.note('\nquit, or Ctrl-D, leaves.');
  lines.write(null, { ctrl: true, name: 'e' });
  lines.write(null, { ctrl: true, name: 'u' });
  lines.prompt();
}
