import { EMPTY, utf8 } from '../bytes/bytes.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import type { Identity } from '../crypto/identity.ts';
import { sleep } from '../env.ts';
import { awaitKept, SEND_RETRY_MS, SEND_TIMEOUT_MS, SEND_TRIES } from '../inbox/index.ts';
import { readAnswer, StreamReset } from '../stream/index.ts';
import { decodeAddress, encodeAddress } from '../wire/address.ts';
import { INBOX_ID_BYTES, INBOX_TEXT_MAX_BYTES } from '../wire/geometry.ts';
import { encodeInboxMessage } from '../wire/inbox.ts';
import { END, type EndReason, STREAM } from '../wire/registry.ts';
import { ASK_TIMEOUT_MS } from './constants.ts';
import type { ServiceSession } from './service-session.ts';
import { openTold } from './told-stream.ts';
import { type Visiting, type Visits, visitService } from './visits.ts';

/** A text that can be sent: 1 to INBOX_TEXT_MAX_BYTES of UTF-8. @throws GlobalNetError `malformed`. */
export function checkText(text: string): void {
  const sizeBytes = utf8(text).length;
  if (sizeBytes === 0) throw new GlobalNetError('malformed', 'an empty message cannot be sent');
  if (sizeBytes > INBOX_TEXT_MAX_BYTES)
    throw new GlobalNetError('malformed', `the text is too large: ${sizeBytes} bytes, and a message holds at most ${INBOX_TEXT_MAX_BYTES}`);
}

type Admission = (visit: ServiceSession) => Promise<void>;

/**
 * Messages that go to inboxes, each by a session and a circuit of its own: an inbox cannot tell that two that are not signed come from one sender.
 */
export class Messages implements Visits {
  readonly #sessions = new Set<ServiceSession>();
  #isStopped = false;

  constructor(private readonly options: Visiting) {}

  /** Of messages that are on their way. */
  sessions(): ServiceSession[] {
    return [...this.#sessions];
  }

  /**
   * Resolves when the inbox has said that it keeps the message.
   * @param signer whose signature it bears; undefined: nobody's.
   * @param admit is asked of each visit before anything of the message is sent, and throws why it is not to be.
   * @returns its id.
   * @throws GlobalNetError `malformed` (address or text), `unknown`, `unserved`, `timeout`, `refused` (no inbox, or not invited), `full`,
   * `unsupported`, `closed`, `cancelled` (by `stop`), or why joining failed.
   */
  async send(address: string, text: string, signer?: Identity, admit: Admission = async () => undefined): Promise<Uint8Array> {
    const { env, ready } = this.options;
    const inbox = decodeAddress(address);
    checkText(text);
    const id = env.random(INBOX_ID_BYTES);
    const bytes = encodeInboxMessage(env.crypto, { id, text }, inbox, signer);
    await ready();
    await this.#deliver(encodeAddress(inbox), bytes, admit);
    return id;
  }

  /**
   * Whether who is visited is an inbox: docs/spec/15-messages.md § Question.
   * @throws GlobalNetError `refused` (not let in), `timeout`, `closed`, as `ServiceSession.openStream`, or why joining failed.
   */
  async isInbox(visit: Pick<ServiceSession, 'openStream' | 'turnedAway'>): Promise<boolean> {
    const { env, ready } = this.options;
    await ready();
    const stream = await openTold(visit, () => undefined, STREAM.message, Uint8Array.of(0));
    try {
      await readAnswer(env, stream, 0, ASK_TIMEOUT_MS);
      return false;
    } catch (error) {
      if (!(error instanceof StreamReset)) throw error;
      if (error.reason === END.malformed) return true;
      if (error.reason === END.refused) return false;
      throw error;
    }
  }

  stop(): void {
    this.#isStopped = true;
    for (const session of this.#sessions) session.close();
  }

  /** By one session after another: the inbox knows a message that it has by its id. */
  async #deliver(address: string, bytes: Uint8Array, admit: Admission): Promise<void> {
    const { env } = this.options;
    let session: ServiceSession | undefined;
    let isLate = false;
    const cancel = env.schedule(SEND_TIMEOUT_MS, () => {
      isLate = true;
      session?.close();
    });
    const late = (): GlobalNetError => new GlobalNetError('timeout', `no answer within ${SEND_TIMEOUT_MS / 1000} s: ${EITHER}`);
    let mayHaveCome = false;
    try {
      for (let tries = 1; ; tries++) {
        if (isLate) throw late();
        session = this.#session(address);
        try {
          await admit(session);
          return await this.#over(session, bytes);
        } catch (error) {
          if (this.#isStopped) throw new GlobalNetError('cancelled', 'stopped before the inbox had answered');
          if (isLate) throw late();
          mayHaveCome ||= error instanceof StreamReset;
          if (!isPassing(error)) throw error;
          if (tries === SEND_TRIES)
            throw mayHaveCome ? new GlobalNetError('unserved', `the inbox went away: ${EITHER}`, { cause: error }) : error;
        } finally {
          session.close();
          this.#sessions.delete(session);
        }
        await sleep(env, SEND_RETRY_MS);
      }
    } finally {
      cancel();
    }
  }

  async #over(session: ServiceSession, bytes: Uint8Array): Promise<void> {
    await awaitKept(await openTold(session, refusalInWords, STREAM.message, EMPTY, bytes));
  }

  /** @throws GlobalNetError `cancelled` once it is stopped. */
  #session(address: string): ServiceSession {
    if (this.#isStopped) throw new GlobalNetError('cancelled', 'stopped before the inbox had answered');
    const session = visitService(this.options, address, () => undefined);
    this.#sessions.add(session);
    return session;
  }
}

const EITHER = 'it may have kept the message or not, and a second one would be another one';

/** The path broke, or nobody is there: the inbox may be back in a moment, and it may have died of having kept this very message. */
function isPassing(error: unknown): boolean {
  return error instanceof GlobalNetError && ['closed', 'unserved', 'unreachable', 'timeout'].includes(error.kind);
}

/** What docs/spec/15-messages.md § Answer says, to the sender; what else ends a stream is a path's affair. */
function refusalInWords(reason: EndReason): GlobalNetError | undefined {
  switch (reason) {
    case END.refused:
      return new GlobalNetError('refused', 'what answers at this address is no inbox: it takes no messages');
    case END.full:
      return new GlobalNetError('full', 'the inbox takes no more messages at this moment: try again later');
    case END.malformed:
      return new GlobalNetError('unsupported', 'the inbox could not read the message: it may be of another version');
    case END.timeout:
      return new GlobalNetError('timeout', 'the message did not come to the inbox whole in time');
    case END.internal:
      return new GlobalNetError('refused', 'the inbox is there and could not keep the message: its owner must see to it');
    default:
      return undefined;
  }
}
