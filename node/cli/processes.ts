import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { askControl, type ControlAnswers, type ControlCommand, type Question } from '../control/index.ts';
import { controlSockets, dataFolderOf } from '../data-folder.ts';
import type { Invocation, Option } from './command.ts';

export const PID_OPTION: Option = {
  type: 'string',
  value: '<pid>',
  help: 'of this process only (default: of every one of the data folder)',
  flagOnly: true,
};

type Asked = Pick<Invocation, 'output' | 'text'>;

/**
 * Asks every local process of the data folder, or the one that `--pid` names, and hands its answer on. Who does not answer is said, and
 * passed over. @returns how many answered. @throws GlobalNetError `malformed`, `unknown` (`--pid`); `refused`, once all have been asked, when one of them refused.
 */
export async function askProcesses<Command extends ControlCommand>(
  { output, text }: Asked,
  question: Question<Command>,
  onAnswer: (answer: ControlAnswers[Command]) => void,
): Promise<number> {
  const folder = dataFolderOf(text('data'));
  const sockets = chosen(folder, text('pid'));
  let running = 0;
  let answered = 0;
  let refusal: GlobalNetError | undefined;
  for (const { pid, asked } of sockets.map(({ pid, path }) => ({ pid, asked: askControl(path, question).catch(asError) }))) {
    const answer = await asked;
    if (!(answer instanceof GlobalNetError)) {
      answered++;
      onAnswer(answer);
    } else if (answer.kind === 'closed') continue;
    else if (answer.kind === 'timeout') output.fail('timeout', `process ${pid} does not answer now`);
    else refusal ??= new GlobalNetError('refused', `process ${pid} was asked in vain: ${answer.message}`);
    running++;
  }
  if (refusal !== undefined) throw refusal;
  if (running === 0) output.note(`No peer runs on the data folder ${folder}. 'npm start' starts a local network.`);
  return answered;
}

function chosen(folder: string, pid: string | undefined): { pid: number; path: string }[] {
  const sockets = controlSockets(folder);
  if (pid === undefined) return sockets;
  if (!/^\d{1,10}$/.test(pid)) throw new GlobalNetError('malformed', `--pid wants a process number, not '${pid}'`);
  const found = sockets.filter((socket) => socket.pid === Number(pid));
  if (found.length === 0)
    throw new GlobalNetError('unknown', `no peer of process ${pid} runs on the data folder ${folder}; 'gnet status' lists them`);
  return found;
}

function asError(error: unknown): GlobalNetError {
  if (error instanceof GlobalNetError) return error;
  throw error;
}
