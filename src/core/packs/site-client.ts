import { DecodeError, GlobalNetError } from '../bytes/errors.ts';
import { type Env, sleep } from '../env.ts';
import type { ByteStream } from '../ports.ts';
import { SITE_HASHES_MAX } from '../wire/geometry.ts';
import { MismatchError } from '../wire/mismatch.ts';
import { END, SITE } from '../wire/registry.ts';
import { encodeSiteMessage, type OpenRequest, SiteDecoder, type SiteMessage } from '../wire/site.ts';
import { type ChunkPlace, chunkKey } from './chunk-place.ts';
import { CHUNKS_IN_FLIGHT, FRUITLESS_STREAMS_MAX, RETRY_DELAY_MS } from './constants.ts';
import { type ChunkWaiter, type PendingChunk, PendingChunks } from './pending-chunks.ts';

/** Opens a site stream to somebody who serves the site: another one each time, where there are several. */
export type OpenSiteStream = (request: Uint8Array) => Promise<ByteStream>;

export interface SiteClientHandler {
  /** What a server says of the site itself. @throws MismatchError when it lies: the client fails. */
  onSite(message: Extract<SiteMessage, { type: typeof SITE.head | typeof SITE.manifest } | { type: typeof SITE.same }>): Promise<void>;
  /** Checks a chunk against the manifest and keeps it; false when no such chunk is in it. @throws MismatchError as `onSite`. */
  onChunk(hash: Uint8Array, bytes: Uint8Array): Promise<boolean>;
  /** A stream broke off; another one is tried. One that could not be had is no news before all tries have failed. */
  onRetry(error: unknown): void;
}

/** What ends the trying at once: another stream would say the same. */
const FINAL: ReadonlySet<string> = new Set(['unverified', 'unknown', 'unsupported', 'clock', 'cancelled']);

/**
 * One site stream at a time, the reader's side: what is wanted is asked for in it, what comes is handed on. When it dies, the
 * next one is asked for what has not come; the chunk that was on its way is all that is lost.
 */
export class SiteClient {
  readonly #pending = new PendingChunks();
  #stream: ByteStream | undefined;
  #connecting = false;
  /** The stream that is tried has been had: what fails then broke off. */
  #stood = false;
  #closed = false;
  #failure: unknown;
  /** Sent first in each stream until it is answered. */
  #open: { request: OpenRequest; answered: () => void; failed: (error: unknown) => void } | undefined;
  /** An open was sent and its end has not come: a server takes the next one only then. */
  #opening = false;
  #fruitless = 0;
  #pumpDue = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly env: Env,
    private readonly openStream: OpenSiteStream,
    private readonly handler: SiteClientHandler,
  ) {}

  /** Resolves when a server has answered with its manifest, or that the one held is the newest. */
  open(request: OpenRequest): Promise<void> {
    return new Promise((answered, failed) => {
      if (this.#failure || this.#closed) return failed(this.#failure ?? closedError());
      if (this.#open || this.#opening) return failed(new GlobalNetError('busy', 'the site is being opened already'));
      this.#open = { request, answered, failed };
      if (this.#stream) {
        this.#opening = true;
        this.#write(encodeSiteMessage(request));
      } else void this.#connect();
    });
  }

  /** Wants a chunk; the answer is to be called when it is no longer wanted. */
  want(place: ChunkPlace, priority: number, waiter: ChunkWaiter): () => void {
    if (this.#failure || this.#closed) {
      waiter.reject(this.#failure ?? closedError());
      return () => undefined;
    }
    const pending = this.#pending.want(place, priority, waiter);
    this.#pumpSoon();
    return () => {
      if (!pending.waiters.delete(waiter) || pending.waiters.size > 0 || this.#pending.get(place.key) !== pending) return;
      if (pending.asked) this.#write(encodeSiteMessage({ type: SITE.cancel, hashes: [place.hash] }));
      this.#pending.delete(pending);
    };
  }

  close(): void {
    this.#closed = true;
    this.#stream?.reset(END.cancelled);
    this.#failAll(closedError());
  }

  /** After the wants of this turn have come together: one message for many chunks is one cell instead of many. */
  #pumpSoon(): void {
    if (this.#pumpDue) return;
    this.#pumpDue = true;
    void Promise.resolve().then(() => {
      this.#pumpDue = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#closed || this.#pending.size === 0) return;
    if (!this.#stream) return void this.#connect();
    for (let batch = this.#batch(); batch.length > 0; batch = this.#batch()) this.#write(chunksMessage(batch));
  }

  #batch(): PendingChunk[] {
    return this.#pending.takeToAsk(Math.min(SITE_HASHES_MAX, Math.max(0, CHUNKS_IN_FLIGHT - this.#pending.asked)));
  }

  /** In order; a failed write shows in the reading too, which deals with it. */
  #write(bytes: Uint8Array): void {
    const stream = this.#stream;
    this.#writing = this.#writing.then(() => stream?.write(bytes)).catch(() => undefined);
  }

  async #connect(): Promise<void> {
    if (this.#connecting || this.#closed) return;
    this.#connecting = true;
    let failure: { error: unknown } | undefined;
    while (this.#wanting && !failure) {
      try {
        await this.#oneStream();
      } catch (error) {
        if (this.#wanting && !(await this.#mayRetry(error))) failure = { error };
      }
    }
    // Before anybody is told, so that one who wants again at once is heard.
    this.#connecting = false;
    if (failure) this.#giveUp(failure.error);
  }

  get #wanting(): boolean {
    return !this.#closed && (this.#open !== undefined || this.#pending.size > 0);
  }

  /** Runs one stream to its end. Returns only when the other side ended it in good order. */
  async #oneStream(): Promise<void> {
    this.#pending.unaskAll();
    this.#stood = false;
    const batch = this.#open ? [] : this.#batch();
    const stream = await this.openStream(this.#open ? encodeSiteMessage(this.#open.request) : chunksMessage(batch));
    if (this.#closed) return stream.reset(END.cancelled);
    this.#stream = stream;
    this.#stood = true;
    this.#opening = batch.length === 0;
    try {
      this.#pump();
      await this.#read(stream);
    } catch (error) {
      if (!this.#closed) stream.reset(error instanceof DecodeError ? END.malformed : END.cancelled);
      throw error;
    } finally {
      this.#stream = undefined;
      this.#opening = false;
      this.#pending.unaskAll();
    }
    if (this.#wanting) throw new GlobalNetError('closed', 'the stream ended before all had come');
  }

  async #read(stream: ByteStream): Promise<void> {
    const decoder = new SiteDecoder();
    for (;;) {
      const bytes = await stream.read();
      if (bytes === undefined) break;
      for (const message of decoder.push(bytes)) await this.#receive(message);
      this.#pump();
    }
    if (!decoder.whole) throw new GlobalNetError('closed', 'the stream ended in the middle of a message');
    stream.end();
  }

  async #receive(message: SiteMessage): Promise<void> {
    switch (message.type) {
      case SITE.head:
      case SITE.manifest:
      case SITE.same:
        await this.handler.onSite(message);
        if (message.type !== SITE.head) this.#answered();
        return;
      case SITE.chunk:
        return this.#receiveChunk(message.hash, message.bytes);
      case SITE.missing:
        return this.#missing(message.hash);
      case SITE.sent: {
        // It came unasked. When it is still wanted, it came before it was wanted and was not kept: ask once more.
        const pending = this.#pending.get(chunkKey(message.hash));
        if (pending) this.#pending.unask(pending);
        return;
      }
      case SITE.end:
        this.#opening = false;
        return;
      default:
        throw new DecodeError('site stream', 0, `message ${message.type} is not for a reader`);
    }
  }

  #answered(): void {
    this.#fruitless = 0;
    this.#open?.answered();
    this.#open = undefined;
  }

  async #receiveChunk(hash: Uint8Array, bytes: Uint8Array): Promise<void> {
    if (!(await this.handler.onChunk(hash, bytes))) throw new DecodeError('site stream', 0, 'a chunk that is in no file of this site');
    this.#fruitless = 0;
    this.#pending.resolve(chunkKey(hash), bytes);
  }

  #missing(hash: Uint8Array): void {
    const pending = this.#pending.get(chunkKey(hash));
    if (!pending) return;
    const { file, index } = pending.place;
    this.#pending.reject(
      pending.place.key,
      new GlobalNetError('unserved', `'${file.path}', chunk ${index}: the peer that serves this site does not have it`),
    );
  }

  async #mayRetry(error: unknown): Promise<boolean> {
    const kind = error instanceof GlobalNetError ? error.kind : 'internal';
    this.#fruitless++;
    if (FINAL.has(kind) || this.#fruitless >= FRUITLESS_STREAMS_MAX) return false;
    if (this.#stood) this.handler.onRetry(error);
    if (this.#fruitless > 1) await sleep(this.env, RETRY_DELAY_MS * 2 ** (this.#fruitless - 2));
    return true;
  }

  #giveUp(error: unknown): void {
    // A lie is remembered: nothing more is read from this site until somebody has decided to. All else may pass.
    if (error instanceof MismatchError) this.#failure = error;
    this.#fruitless = 0;
    this.#failAll(error);
  }

  #failAll(error: unknown): void {
    this.#open?.failed(error);
    this.#open = undefined;
    this.#pending.rejectAll(error);
  }
}

function chunksMessage(batch: readonly PendingChunk[]): Uint8Array {
  return encodeSiteMessage({ type: SITE.chunks, priority: batch[0]?.priority ?? 0, hashes: batch.map((pending) => pending.place.hash) });
}

function closedError(): GlobalNetError {
  return new GlobalNetError('closed', 'the site was closed');
}
