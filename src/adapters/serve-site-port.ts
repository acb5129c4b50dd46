import { type Failure, failureOf } from '../shared/outcome.ts';
import type { SiteAnswer, SiteRequest } from '../shared/site-port.ts';

/** Where the chunks come from: store or network. */
export interface SiteSource {
  /** The newest signed manifest; undefined when its hash is `have`. @throws GlobalNetError */
  manifest(have: string | undefined): Promise<Uint8Array | undefined>;
  /** Whole chunks `first` to `end` (not included) of a file, in order, each in a buffer of its own, which is given away. @throws GlobalNetError */
  chunks(manifest: string, path: string, first: number, end: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** The peer's end of a site's port: answers its service worker until the port is collected. */
export function serveSitePort(port: MessagePort, source: SiteSource): void {
  const files = new Map<number, FileAnswer>();
  const post = (answer: SiteAnswer, transfer: Transferable[] = []): void => port.postMessage(answer, transfer);

  async function answerManifest(id: number, have: string | undefined): Promise<void> {
    try {
      post({ type: 'manifest', id, bytes: await source.manifest(have) });
    } catch (error) {
      post({ type: 'failed', id, ...failureOf(error) });
    }
  }

  port.onmessage = ({ data }: MessageEvent<SiteRequest>) => {
    if (data.type === 'manifest') void answerManifest(data.id, data.have);
    else if (data.type === 'file') files.set(data.id, new FileAnswer(data, source, post, () => files.delete(data.id)));
    else if (data.type === 'pull') files.get(data.id)?.pull(data.chunks);
    else files.get(data.id)?.cancel();
  };
}

type FileRequest = Extract<SiteRequest, { type: 'file' }>;

/** One file's chunks, in order, no more of them than were pulled. */
class FileAnswer {
  #next: number;
  #credit = 0;
  #running = false;
  readonly #abort = new AbortController();
  readonly #chunks: AsyncIterator<Uint8Array>;

  constructor(
    readonly request: FileRequest,
    source: SiteSource,
    readonly post: (answer: SiteAnswer, transfer?: Transferable[]) => void,
    readonly done: () => void,
  ) {
    const { manifest, path, firstChunk, endChunk } = request;
    this.#next = firstChunk;
    this.#chunks = source.chunks(manifest, path, firstChunk, endChunk, this.#abort.signal)[Symbol.asyncIterator]();
  }

  pull(chunks: number): void {
    this.#credit += chunks;
    if (!this.#running) void this.#send();
  }

  cancel(): void {
    this.#abort.abort();
    this.done();
  }

  async #send(): Promise<void> {
    const { id, endChunk } = this.request;
    this.#running = true;
    try {
      while (this.#credit > 0 && this.#next < endChunk) {
        const { value: bytes, done } = await this.#chunks.next();
        if (this.#abort.signal.aborted) return;
        if (done) throw new RangeError(`the source ended before chunk ${this.#next} of ${endChunk}`);
        this.#credit--;
        this.post({ type: 'chunk', id, index: this.#next++, bytes }, [bytes.buffer as ArrayBuffer]);
      }
      if (this.#next >= endChunk) this.#finish({ type: 'end', id });
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#finish({ type: 'failed', id, ...(failureOf(error) satisfies Failure) });
    } finally {
      this.#running = false;
    }
  }

  #finish(answer: SiteAnswer): void {
    this.post(answer);
    this.done();
  }
}
