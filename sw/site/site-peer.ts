import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { errorOf } from '../../src/shared/outcome.ts';
import type { SiteAnswer, SiteRequest } from '../../src/shared/site-port.ts';

/** Chunks that may be on their way at once: 512 KB keep the port busy and bound what a slow page holds. */
const WINDOW_CHUNKS = 8;
/** A peer that is fetching over a slow path is not dead; one that is silent for so long is. */
const SILENCE_MS = 90_000;

interface Waiting {
  onAnswer(answer: SiteAnswer): void;
  onFailure(error: GlobalNetError): void;
}

/** The service worker's end of a site's port: asks the peer. Nothing that it returns is verified. */
export class SitePeer {
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(readonly port: MessagePort) {
    port.onmessage = ({ data }: MessageEvent<SiteAnswer>) => this.#onAnswer(data);
  }

  #onAnswer(answer: SiteAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    if (answer.type === 'failed') waiting?.onFailure(errorOf(answer));
    else waiting?.onAnswer(answer);
  }

  #post(request: SiteRequest): void {
    this.port.postMessage(request);
  }

  /** The peer's newest signed manifest; undefined when `have` is the newest. @throws GlobalNetError */
  manifest(have: string | undefined): Promise<Uint8Array | undefined> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const silence = this.#watch(id, reject);
      this.#waiting.set(id, {
        onAnswer: (answer) => {
          silence.stop();
          resolve(answer.type === 'manifest' ? answer.bytes : undefined);
        },
        onFailure: silence.fail,
      });
      this.#post({ type: 'manifest', id, have });
    });
  }

  /** Calls `fail` when nothing has come for SILENCE_MS. */
  #watch(
    id: number,
    reject: (error: GlobalNetError) => void,
  ): { heard: () => void; stop: () => void; fail: (error: GlobalNetError) => void } {
    const fail = (error: GlobalNetError): void => {
      clearTimeout(timer);
      this.#waiting.delete(id);
      reject(error);
    };
    const late = (): void => fail(new GlobalNetError('timeout', 'The peer in this tab did not answer. Reload the app.'));
    let timer = setTimeout(late, SILENCE_MS);
    return {
      heard: () => {
        clearTimeout(timer);
        timer = setTimeout(late, SILENCE_MS);
      },
      stop: () => {
        clearTimeout(timer);
        this.#waiting.delete(id);
      },
      fail,
    };
  }

  /** Chunks `firstChunk` to `endChunk` (not included), pulled as they are read. @throws GlobalNetError */
  async *chunks(manifest: string, path: string, firstChunk: number, endChunk: number): AsyncGenerator<Uint8Array> {
    const id = ++this.#lastId;
    const come: Uint8Array[] = [];
    let wake: () => void = () => {};
    let failure: GlobalNetError | undefined;
    const silence = this.#watch(id, (error) => {
      failure = error;
      wake();
    });
    let next = firstChunk;
    this.#waiting.set(id, {
      onAnswer: (answer) => {
        silence.heard();
        if (answer.type === 'chunk' && answer.index === next) {
          next++;
          come.push(answer.bytes);
        } else if (answer.type !== 'end' || next < endChunk) {
          // A stream cut short looks complete to whoever does not count.
          silence.fail(new GlobalNetError('closed', `'${path}' ended at chunk ${next} of ${endChunk}`));
        }
        wake();
      },
      onFailure: silence.fail,
    });
    this.#post({ type: 'file', id, manifest, path, firstChunk, endChunk });
    this.#post({ type: 'pull', id, chunks: WINDOW_CHUNKS });
    try {
      for (let given = firstChunk; given < endChunk; given++) {
        while (come.length === 0 && failure === undefined) await new Promise<void>((resolve) => void (wake = resolve));
        const chunk = come.shift();
        if (chunk === undefined) throw failure;
        yield chunk;
        this.#post({ type: 'pull', id, chunks: 1 });
      }
    } finally {
      silence.stop();
      if (next < endChunk) this.#post({ type: 'cancel', id });
    }
  }
}
