import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { errorOf } from '../../src/shared/outcome.ts';
import type { HttpAnswerHead, HttpRequest, SiteAnswer, SiteRequest } from '../../src/shared/site-port.ts';
import { inflated } from './inflate.ts';
import { Incoming, type IncomingOptions } from '../../src/shared/incoming.ts';

/** A peer that is fetching over a slow path is not dead; one that is silent for so long while somebody waits is. */
const SILENCE_MS = 90_000;

/** A live service's answer. Whoever does not read its body leaves it. */
export interface LiveAnswer {
  readonly head: HttpAnswerHead;
  readonly body: AsyncGenerator<Uint8Array, void, undefined>;
  leave(): void;
}

/** The service worker's end of a site's port: asks the peer. Nothing that it returns is verified. */
export class SitePeer {
  readonly #waiting = new Map<number, (answer: SiteAnswer) => void>();
  #lastId = 0;

  constructor(readonly port: MessagePort) {
    port.onmessage = ({ data }: MessageEvent<SiteAnswer>) => this.#waiting.get(data.id)?.(data);
  }

  #post(request: SiteRequest): void {
    this.port.postMessage(request);
  }

  /** The peer's newest signed manifest; undefined when `have` is the newest; `live` where nothing is signed. @throws GlobalNetError */
  manifest(have: string | undefined): Promise<Uint8Array | 'live' | undefined> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const over = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
      };
      const timer = setTimeout(() => {
        over();
        reject(new GlobalNetError('timeout', 'The peer in this tab did not answer. Reload the app.'));
      }, SILENCE_MS);
      this.#waiting.set(id, (answer) => {
        over();
        if (answer.type === 'failed') reject(errorOf(answer));
        else if (answer.type === 'live') resolve('live');
        else resolve(answer.type === 'manifest' ? answer.bytes : undefined);
      });
      this.#post({ type: 'manifest', id, have });
    });
  }

  /** Chunks `firstChunk` to `endChunk` (not included), pulled as they are read. @throws GlobalNetError */
  chunks(manifest: string, path: string, firstChunk: number, endChunk: number): AsyncGenerator<Uint8Array> {
    const id = ++this.#lastId;
    this.#post({ type: 'file', id, manifest, path, firstChunk, endChunk });
    return this.#incoming(id, { what: path, firstIndex: firstChunk, endIndex: endChunk, silenceMs: SILENCE_MS }).chunks();
  }

  /** Asks a live service; what it compressed for the way comes as it was. @throws GlobalNetError */
  async http(request: HttpRequest): Promise<LiveAnswer> {
    const id = ++this.#lastId;
    this.#post({ type: 'http', id, request });
    const incoming = this.#incoming(id, { what: request.target, firstIndex: 0, endIndex: undefined, silenceMs: undefined });
    const leave = (): void => incoming.leave();
    const head = await incoming.head();
    if (head.coding === undefined) return { head, body: incoming.chunks(), leave };
    return {
      head: { ...head, coding: undefined, lengthBytes: undefined, validator: undefined, acceptsRanges: false },
      body: inflated(incoming.chunks(), head.coding),
      leave,
    };
  }

  #incoming(id: number, options: Omit<IncomingOptions, 'pull' | 'onOver'>): Incoming {
    const incoming = new Incoming({
      ...options,
      pull: (chunks) => this.#post({ type: 'pull', id, chunks }),
      onOver: (isWhole) => {
        this.#waiting.delete(id);
        if (!isWhole) this.#post({ type: 'cancel', id });
      },
    });
    this.#waiting.set(id, (answer) => incoming.onAnswer(answer));
    return incoming;
  }
}
