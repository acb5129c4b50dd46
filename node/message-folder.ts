import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hex } from '../src/core/bytes/bytes.ts';
import { GlobalNetError } from '../src/core/bytes/errors.ts';
import { INBOX_MESSAGES_MAX } from '../src/core/inbox/index.ts';
import type { CryptoPort } from '../src/core/ports.ts';
import { type InboxMessage, verifyInboxMessage } from '../src/core/wire/inbox.ts';
import { isMissing, prepareFolder, storeError, writeWhole } from './write-file.ts';

/** Ids of messages that were kept and may have been deleted since: a sender repeats one within a minute or two. */
const REMEMBERED_MAX = 4096;
/** `<milliseconds since 1970, 15 digits>-<id, 32 hexadecimal digits>`: in the order in which they came. */
const NAME = /^(\d{15})-([\da-f]{32})$/;

export interface KeptMessage {
  readonly atMs: number;
  readonly message: InboxMessage;
}

/** Messages of one inbox as files, each as it came. Commands of other processes may read and delete them meanwhile. */
function placeOf(folder: string): string {
  return join(folder, 'messages');
}

/** Of the process that receives. */
export class MessageFolder {
  readonly #remembered = new Set<string>();
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly place: string,
    private readonly max: number,
  ) {}

  /** @param folder the inbox's own, which this process holds. @throws GlobalNetError `full` | `refused`. */
  static async open(folder: string, max = INBOX_MESSAGES_MAX): Promise<MessageFolder> {
    await prepareFolder(placeOf(folder));
    return new MessageFolder(placeOf(folder), max);
  }

  /** How many are kept. */
  async count(): Promise<number> {
    return (await namesIn(this.place)).length;
  }

  /**
   * `new`: it is on the disk, and stays there when the power fails. `known`: it was, by its id. `full`: it is not, there is no room for it.
   * One after another, so that two of one id are seen to be. @throws GlobalNetError `refused`.
   */
  keep(message: InboxMessage, atMs: number): Promise<'new' | 'known' | 'full'> {
    const kept = this.#last.then(() => this.#keep(message, atMs));
    this.#last = kept.catch(() => undefined);
    return kept;
  }

  async #keep({ id, bytes }: InboxMessage, atMs: number): Promise<'new' | 'known' | 'full'> {
    const name = hex(id);
    if (this.#remembered.has(name)) return 'known';
    const names = await namesIn(this.place);
    if (names.some((one) => one.endsWith(`-${name}`))) return 'known';
    if (names.length >= this.max) return 'full';
    try {
      await writeWhole(join(this.place, `${String(atMs).padStart(15, '0')}-${name}`), bytes, { durable: true });
    } catch (error) {
      if (error instanceof GlobalNetError && error.kind === 'full') return 'full';
      throw error;
    }
    this.#remember(name);
    return 'new';
  }

  #remember(name: string): void {
    const [oldest] = this.#remembered;
    if (this.#remembered.size >= REMEMBERED_MAX && oldest !== undefined) this.#remembered.delete(oldest);
    this.#remembered.add(name);
  }
}

/**
 * All that is kept, the oldest first, and the files that are no messages: those a disk has damaged.
 * @param inbox the key of its address.
 * @throws GlobalNetError `refused`.
 */
export async function readMessages(
  folder: string,
  crypto: Pick<CryptoPort, 'ed25519Verify'>,
  inbox: Uint8Array,
): Promise<{ messages: KeptMessage[]; damaged: string[] }> {
  const place = placeOf(folder);
  const messages: KeptMessage[] = [];
  const damaged: string[] = [];
  for (const name of await namesIn(place)) {
    const path = join(place, name);
    try {
      const message = verifyInboxMessage(crypto, new Uint8Array(await readFile(path)), inbox);
      messages.push({ atMs: Number(NAME.exec(name)?.[1]), message });
    } catch (error) {
      if (isMissing(error)) continue; // deleted meanwhile
      if (!(error instanceof GlobalNetError)) throw storeError(error, path);
      damaged.push(path);
    }
  }
  return { messages, damaged };
}

/** Deletes what is kept now. @returns how many. @throws GlobalNetError `refused`. */
export async function clearMessages(folder: string): Promise<number> {
  const place = placeOf(folder);
  const names = await namesIn(place);
  for (const name of names) await rm(join(place, name), { force: true }).catch((error) => Promise.reject(storeError(error, place)));
  return names.length;
}

async function namesIn(place: string): Promise<string[]> {
  try {
    return (await readdir(place)).filter((name) => NAME.test(name)).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw storeError(error, place);
  }
}
