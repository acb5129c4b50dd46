import { failureOf } from '../shared/outcome.ts';
import type { HttpAnswerHead, HttpRequest, SiteRequest } from '../shared/site-port.ts';
import { type Post, PulledAnswer } from './pulled-answer.ts';

/** Where a site comes from: store or network; or a live service. */
export interface SiteSource {
  /** The newest signed manifest; undefined when its hash is `have`; `live` where there is none. @throws GlobalNetError */
  manifest(have: string | undefined): Promise<Uint8Array | 'live' | undefined>;
  /** Whole chunks `first` to `end` (not included) of a file, in order, each in a buffer of its own, which is given away. @throws GlobalNetError */
  chunks(manifest: string, path: string, first: number, end: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Asks a live service; pieces of the body as those of `chunks`. @throws GlobalNetError */
  http(request: HttpRequest, signal: AbortSignal): Promise<{ head: HttpAnswerHead; body: AsyncIterable<Uint8Array> }>;
}

/** The peer's end of a site's port: answers its service worker until the port is collected. */
export function serveSitePort(port: MessagePort, source: SiteSource): void {
  const running = new Map<number, PulledAnswer>();
  const post: Post = (answer, transfer = []) => port.postMessage(answer, transfer);

  async function answerManifest(id: number, have: string | undefined): Promise<void> {
    try {
      const bytes = await source.manifest(have);
      post(bytes === 'live' ? { type: 'live', id } : { type: 'manifest', id, bytes });
    } catch (error) {
      post({ type: 'failed', id, ...failureOf(error) });
    }
  }

  function begin(id: number, firstIndex: number, chunks: (signal: AbortSignal) => AsyncIterable<Uint8Array>): void {
    running.set(id, new PulledAnswer(id, firstIndex, chunks, post, () => running.delete(id)));
  }

  async function* httpChunks(id: number, request: HttpRequest, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { head, body } = await source.http(request, signal);
    if (!signal.aborted) post({ type: 'head', id, head });
    yield* body;
  }

  port.onmessage = ({ data }: MessageEvent<SiteRequest>) => {
    if (data.type === 'manifest') void answerManifest(data.id, data.have);
    else if (data.type === 'file') begin(data.id, data.firstChunk, (signal) => fileChunks(source, data, signal));
    else if (data.type === 'http') begin(data.id, 0, (signal) => httpChunks(data.id, data.request, signal));
    else if (data.type === 'pull') running.get(data.id)?.pull(data.chunks);
    else running.get(data.id)?.cancel();
  };
}

type FileRequest = Extract<SiteRequest, { type: 'file' }>;

async function* fileChunks(source: SiteSource, request: FileRequest, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const { manifest, path, firstChunk, endChunk } = request;
  let next = firstChunk;
  for await (const chunk of source.chunks(manifest, path, firstChunk, endChunk, signal)) {
    next++;
    yield chunk;
  }
  if (next < endChunk) throw new RangeError(`the source ended before chunk ${next} of ${endChunk}`);
}
