import { concat, EMPTY } from '../bytes/bytes.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import type { ByteStream } from '../ports.ts';
import { INBOX_ANSWER_BYTES } from '../wire/geometry.ts';
import { decodeInboxAnswer } from '../wire/inbox.ts';
import { INBOX } from '../wire/registry.ts';

/**
 * Resolves when the inbox has said that it has kept the message that was written first on this stream.
 * @throws GlobalNetError `full`, `malformed` (no answer of this version), `closed` before an answer; as `stream`.
 */
export async function awaitKept(stream: ByteStream): Promise<void> {
  stream.end();
  let answer: Uint8Array = EMPTY;
  while (answer.length < INBOX_ANSWER_BYTES) {
    const part = await stream.read();
    if (part === undefined) throw new GlobalNetError('closed', 'the inbox ended without an answer');
    answer = concat(answer, part);
  }
  if (decodeInboxAnswer(answer) === INBOX.full)
    throw new GlobalNetError('full', 'the inbox is full: it takes no message before its owner deletes some');
}
