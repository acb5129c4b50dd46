import { concat, EMPTY } from '../bytes/bytes.ts';
import { DecodeError, GlobalNetError } from '../bytes/errors.ts';
import type { Env } from '../env.ts';
import type { ByteStream } from '../ports.ts';
import { encodeInboxAnswer, type InboxMessage, inboxMessageLength, verifyInboxMessage } from '../wire/inbox.ts';
import { END, type EndReason, type InboxAnswer } from '../wire/registry.ts';
import { INBOX_AT_ONCE_MAX, INBOX_RECEIVE_MS, INBOX_SESSION_MESSAGES_MAX } from './constants.ts';

export interface Inbox {
  /** Resolves when the message is where a crash does not reach it, or was kept before: by its id. A rejection is a fault of ours. */
  keep(message: InboxMessage): Promise<InboxAnswer>;
}

/** Takes the messages of all visitors of one inbox, and answers each. */
export class InboxReception {
  #atOnce = 0;
  /** By session: messages that it has brought. */
  readonly #brought = new WeakMap<object, number>();

  /** @param key of the inbox's address. */
  constructor(
    private readonly env: Env,
    private readonly key: Uint8Array,
    private readonly inbox: Inbox,
  ) {}

  /** @param session any object, the same for all streams of one session. Never rejects. */
  async receive(stream: ByteStream, session: object): Promise<void> {
    if (stream.request.length > 0) return stream.reset(END.malformed);
    const brought = this.#brought.get(session) ?? 0;
    if (this.#atOnce >= INBOX_AT_ONCE_MAX || brought >= INBOX_SESSION_MESSAGES_MAX) return stream.reset(END.full);
    this.#brought.set(session, brought + 1);
    this.#atOnce++;
    try {
      const message = verifyInboxMessage(this.env.crypto, await this.#whole(stream), this.key);
      const answer = await this.inbox.keep(message);
      await stream.write(encodeInboxAnswer(answer));
      stream.end();
    } catch (error) {
      stream.reset(this.#reasonOf(error));
    } finally {
      this.#atOnce--;
    }
  }

  /** Answered as soon as the last byte is here: its end comes a flight later where the message rode in a hello. */
  async #whole(stream: ByteStream): Promise<Uint8Array> {
    const cancel = this.env.schedule(INBOX_RECEIVE_MS, () => stream.reset(END.timeout));
    try {
      let bytes: Uint8Array = EMPTY;
      for (;;) {
        const wanted = inboxMessageLength(bytes);
        if (wanted !== undefined && bytes.length >= wanted) return bytes;
        const part = await stream.read();
        if (part === undefined) throw new DecodeError('inbox message', bytes.length, 'its end came before it was whole');
        bytes = concat(bytes, part);
      }
    } finally {
      cancel();
    }
  }

  #reasonOf(error: unknown): EndReason {
    if (error instanceof GlobalNetError && error.kind === 'closed') return END.cancelled; // it is reset already
    if (error instanceof DecodeError || (error instanceof GlobalNetError && error.kind === 'unverified')) return END.malformed;
    this.env.log('error', 'inbox', `a message could not be kept: ${String(error)}`);
    return END.internal;
  }
}
