import { rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import type { ControlAnswers, ControlCommand } from './answers.ts';
import { ANSWER_MAX_BYTES, ANSWER_WITHIN_MS } from './constants.ts';
import { decodeAnswer, encodeRequest } from './request.ts';
import { readToken, tokenPathOf } from './token.ts';

export interface Question<Command extends ControlCommand> {
  readonly command: Command;
  readonly where?: boolean;
  readonly circuit?: number;
}

/**
 * Asks the process behind a socket. A socket whose process has gone is removed.
 * @throws GlobalNetError `closed` (the process has gone), `timeout` (it does not answer now), `refused` (the token, or what it says),
 * `malformed` (what it says).
 */
export async function askControl<Command extends ControlCommand>(
  path: string,
  question: Question<Command>,
): Promise<ControlAnswers[Command]> {
  const { command, where = false, circuit } = question;
  const line = await exchange(path, () => encodeRequest({ token: readToken(path), command, where, circuit }));
  return decodeAnswer(line) as ControlAnswers[Command];
}

/** @param ask called once somebody listens. */
function exchange(path: string, ask: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let lengthBytes = 0;
    const socket = createConnection(path);
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    const late = (): void => fail(new GlobalNetError('timeout', 'it does not answer now'));
    const timer = setTimeout(late, ANSWER_WITHIN_MS);
    socket.on('close', () => clearTimeout(timer));
    socket.on('connect', () => {
      try {
        socket.write(ask());
      } catch (error) {
        fail(error as Error);
      }
    });
    socket.on('data', (part) => {
      parts.push(part);
      lengthBytes += part.length;
      if (lengthBytes > ANSWER_MAX_BYTES) fail(new GlobalNetError('malformed', `its answer is longer than ${ANSWER_MAX_BYTES} bytes`));
    });
    socket.on('end', () => (lengthBytes === 0 ? late() : resolve(Buffer.concat(parts).toString('utf8'))));
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'EACCES' || code === 'EPERM') return fail(new GlobalNetError('refused', `its socket may not be opened (${code})`));
      if (code !== 'ECONNREFUSED' && code !== 'ENOENT') return late();
      if (code === 'ECONNREFUSED') for (const left of [path, tokenPathOf(path)]) rmSync(left, { force: true });
      fail(new GlobalNetError('closed', 'its process has gone'));
    });
  });
}
