import { concat } from '../bytes/bytes.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import type { Env } from '../env.ts';
import type { ByteStream } from '../ports.ts';
import { END } from '../wire/registry.ts';

/** Everything up to the other side's end. Resets the stream where it is more.
 * @throws GlobalNetError `malformed` when more than `maxBytes` come, `closed` when the stream is reset. */
export async function readAll(stream: ByteStream, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let lengthBytes = 0;
  for (;;) {
    const part = await stream.read();
    if (part === undefined) return parts.length === 1 ? (parts[0] as Uint8Array) : concat(...parts);
    lengthBytes += part.length;
    if (lengthBytes > maxBytes) {
      stream.reset(END.malformed);
      throw new GlobalNetError('malformed', `more than ${maxBytes} bytes came on a stream that may hold no more`);
    }
    parts.push(part);
  }
}

/** One question, one answer: writes `request`, half-closes, reads to the end.
 * @throws GlobalNetError `timeout` after `timeoutMs`, `malformed` when the answer is over `maxAnswerBytes`, `closed` when the stream is reset. */
export function ask(
  env: Pick<Env, 'schedule'>,
  stream: ByteStream,
  request: Uint8Array,
  maxAnswerBytes: number,
  timeoutMs: number,
): Promise<Uint8Array> {
  // Not waited for: who answers while it reads would wait for us to read. What stops the writing stops the reading too.
  stream.write(request).catch(() => {});
  stream.end();
  return readAnswer(env, stream, maxAnswerBytes, timeoutMs);
}

/** As `ask`, of a stream on which all has been said. */
export async function readAnswer(
  env: Pick<Env, 'schedule'>,
  stream: ByteStream,
  maxAnswerBytes: number,
  timeoutMs: number,
): Promise<Uint8Array> {
  let late = false;
  const cancel = env.schedule(timeoutMs, () => {
    late = true;
    stream.reset(END.timeout);
  });
  try {
    return await readAll(stream, maxAnswerBytes);
  } catch (error) {
    if (late) throw new GlobalNetError('timeout', `no whole answer within ${timeoutMs} ms`, { cause: error });
    throw error;
  } finally {
    cancel();
  }
}
