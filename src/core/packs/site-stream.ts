import { EMPTY, equal } from '../bytes/bytes.ts';
import { DecodeError, GlobalNetError } from '../bytes/errors.ts';
import type { Env } from '../env.ts';
import type { ByteStream } from '../ports.ts';
import { SITE_HEADER_BYTES } from '../wire/geometry.ts';
import { END, SITE } from '../wire/registry.ts';
import { decodeSiteRequest, encodeSiteMessage, type OpenRequest, SiteDecoder, type SiteMessage } from '../wire/site.ts';
import { type ChunkKey, chunkKey } from './chunk-place.ts';
import { PRIORITY, SERVER_IDLE_MS, SERVER_QUEUE_MAX, WRITE_BYTES } from './constants.ts';
import { pushPlan } from './push-plan.ts';
import { type SendJob, SendQueue } from './send-queue.ts';
import type { SiteContent, SiteServerStats } from './site-server.ts';

/**
 * One site stream, the server's side. Two loops share a queue: one reads requests into it, one sends what is first in it; so
 * that a later, more urgent request overtakes what is still to be pushed. In memory: the queue, and one chunk.
 */
export class SiteStream {
  readonly #queue = new SendQueue();
  /** Pushed on the wire already: asked for once more, they are answered with `sent`. */
  readonly #pushed = new Set<ChunkKey>();
  /** What the open that is being answered sends of itself. */
  #toPush = new Set<ChunkKey>();
  #opening = false;
  /** The version that the last open was answered with, and the one before: a reader of that one still asks for its chunks. */
  #content: SiteContent;
  #before: SiteContent | undefined;
  #wake: () => void = () => undefined;
  #readerDone = false;
  #stopIdle: () => void = () => undefined;

  constructor(
    private readonly env: Env,
    /** What is published now. */
    private readonly newest: () => SiteContent,
    private readonly stream: ByteStream,
    private readonly stats: SiteServerStats,
  ) {
    this.#content = newest();
  }

  /** Resolves when all that was asked for is sent and the reader wants no more. @throws GlobalNetError: the stream is to be reset. */
  async run(): Promise<void> {
    this.#restartIdle();
    try {
      this.#request(decodeSiteRequest(this.stream.request));
      await Promise.all([this.#read(), this.#send()]);
    } finally {
      this.#stopIdle();
    }
  }

  async #read(): Promise<void> {
    const decoder = new SiteDecoder();
    for (;;) {
      const bytes = await this.stream.read();
      if (bytes === undefined) break;
      this.#restartIdle();
      for (const message of decoder.push(bytes)) this.#request(message);
      this.#wake();
    }
    this.#readerDone = true;
    this.#wake();
    if (!decoder.whole) throw new DecodeError('site stream', 0, 'ended in the middle of a message');
  }

  #request(message: SiteMessage): void {
    switch (message.type) {
      case SITE.open:
        // An answer costs up to a manifest of 16 MB: in one stream the second begins when the first is done.
        if (this.#opening) throw new DecodeError('site stream', 0, 'a second open before the end of the first');
        this.#opening = true;
        this.#queue.add('open', PRIORITY.now, { send: 'open', request: message });
        return;
      case SITE.chunks:
        for (const hash of message.hashes) this.#ask(hash, message.priority);
        if (this.#queue.size > SERVER_QUEUE_MAX)
          throw new GlobalNetError('full', `over ${SERVER_QUEUE_MAX} chunks asked for in one stream`);
        return;
      case SITE.cancel:
        for (const hash of message.hashes) this.#queue.delete(chunkKey(hash));
        return;
      default:
        throw new DecodeError('site stream', 0, `message ${message.type} is not for a server`);
    }
  }

  #ask(hash: Uint8Array, priority: number): void {
    const key = chunkKey(hash);
    this.#queue.add(key, priority, { send: this.#pushed.delete(key) ? 'sent' : 'chunk', hash });
  }

  async #sendOpen(request: OpenRequest): Promise<void> {
    const content = this.newest();
    if (content.manifest !== this.#content.manifest) this.#before = this.#content;
    this.#content = content;
    const { manifest, head } = content;
    const same = equal(request.manifestHeld, manifest.hash);
    if (head) await this.#write(encodeSiteMessage({ type: SITE.head, bytes: head }));
    if (same) await this.#write(encodeSiteMessage({ type: SITE.same }));
    else await this.#writeManifest(manifest.bytes);
    const held = same ? manifest : request.serialHeld > 0 ? await content.earlier?.(request.manifestHeld) : undefined;
    const { asked, pushed } = pushPlan(manifest, request, held);
    this.#toPush = new Set([...asked, ...pushed].map(({ key }) => key));
    for (const { key, hash } of asked) this.#queue.add(key, PRIORITY.now, { send: 'chunk', hash });
    for (const { key, hash } of pushed) this.#queue.add(key, PRIORITY.pushed, { send: 'chunk', hash });
    this.#queue.add('end', PRIORITY.pushed, { send: 'end' });
  }

  async #writeManifest(bytes: Uint8Array): Promise<void> {
    const header = encodeSiteMessage({ type: SITE.manifest, bytes: EMPTY });
    new DataView(header.buffer, header.byteOffset).setUint32(SITE_HEADER_BYTES - 4, bytes.length);
    await this.#write(header);
    for (let offset = 0; offset < bytes.length; offset += WRITE_BYTES) await this.#write(bytes.slice(offset, offset + WRITE_BYTES));
  }

  async #send(): Promise<void> {
    for (;;) {
      const next = this.#queue.take();
      if (next) await this.#do(next);
      else if (this.#readerDone) break;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    this.stream.end();
  }

  async #do({ job }: { job: SendJob }): Promise<void> {
    switch (job.send) {
      case 'open':
        return this.#sendOpen(job.request);
      case 'chunk':
        return this.#sendChunk(job.hash);
      case 'sent':
        return this.#write(encodeSiteMessage({ type: SITE.sent, hash: job.hash }));
      case 'end':
        this.#opening = false;
        this.#toPush.clear();
        return this.#write(encodeSiteMessage({ type: SITE.end }));
    }
  }

  async #sendChunk(hash: Uint8Array): Promise<void> {
    const bytes = (await this.#content.chunk(hash)) ?? (await this.#before?.chunk(hash));
    if (!bytes) {
      this.stats.missingChunks++;
      return this.#write(encodeSiteMessage({ type: SITE.missing, hash }));
    }
    const key = chunkKey(hash);
    if (this.#toPush.has(key)) this.#pushed.add(key);
    this.stats.sentChunks++;
    await this.#write(encodeSiteMessage({ type: SITE.chunk, hash, bytes }));
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.stats.sentBytes += bytes.length;
    await this.stream.write(bytes);
    this.#restartIdle();
  }

  /** A reader that neither asks nor takes holds a stream for nothing. */
  #restartIdle(): void {
    this.#stopIdle();
    this.#stopIdle = this.env.schedule(SERVER_IDLE_MS, () => this.stream.reset(END.timeout));
  }
}
