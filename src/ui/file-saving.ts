import { Incoming } from '../shared/incoming.ts';
import { errorOf, type Failure, failureOf } from '../shared/outcome.ts';
import type { SiteRequest } from '../shared/site-port.ts';

/** A file is whole before the browser gets it, and lies in its memory until then. */
export const SAVED_MAX_BYTES = 1e9;
/** A silent service worker is gone; of a silent service the peer says so earlier. */
const SILENCE_MS = 90_000;
/** Small parts are put together, so that the browser can move them out of memory. */
const FOLD_BYTES = 8_000_000;
/** A browser may begin to read what it was given a while later. */
const REVOKE_MS = 60_000;
/** Whatever the service says it is: as an address of the app's origin it must never be a page. */
const TYPE = 'application/octet-stream';

export type SavingState =
  | { step: 'coming'; receivedBytes: number }
  | { step: 'saved'; url: string; sizeBytes: number }
  | { step: 'failed'; failure: Failure };

/** One file on its way from a site's service worker to the browser's downloads: all of it, or nothing. */
export class FileSaving {
  state: SavingState = { step: 'coming', receivedBytes: 0 };
  readonly #incoming: Incoming;
  #isLeft = false;

  /** @param port as `SiteSession.file` gives it. @param name fit to be one. */
  constructor(
    private readonly port: MessagePort,
    private readonly name: string,
    private readonly onChange: () => void,
  ) {
    const post = (request: SiteRequest): void => port.postMessage(request);
    this.#incoming = new Incoming({
      what: name,
      firstIndex: 0,
      endIndex: undefined,
      silenceMs: SILENCE_MS,
      pull: (chunks) => post({ type: 'pull', id: 0, chunks }),
      onOver: (isWhole) => {
        if (!isWhole) post({ type: 'cancel', id: 0 });
      },
    });
    port.onmessage = ({ data }) => this.#incoming.onAnswer(data);
    void this.#run();
  }

  /** Nobody wants it any more; what has come is let go. */
  leave(): void {
    if (this.#isLeft) return;
    this.#isLeft = true;
    this.#incoming.leave();
    this.port.close();
    const { state } = this;
    if (state.step === 'saved') setTimeout(() => URL.revokeObjectURL(state.url), REVOKE_MS);
  }

  async #run(): Promise<void> {
    try {
      const file = await this.#whole();
      if (this.#isLeft) return;
      const url = URL.createObjectURL(file);
      this.#become({ step: 'saved', url, sizeBytes: file.size });
      save(url, this.name);
    } catch (error) {
      this.#become({ step: 'failed', failure: failureOf(error) });
    }
  }

  async #whole(): Promise<Blob> {
    let file = new Blob([], { type: TYPE });
    let parts: Uint8Array<ArrayBuffer>[] = [];
    let partsBytes = 0;
    const fold = (): void => {
      file = new Blob([file, ...parts], { type: TYPE });
      parts = [];
      partsBytes = 0;
    };
    for await (const part of this.#incoming.chunks()) {
      parts.push(part as Uint8Array<ArrayBuffer>);
      partsBytes += part.length;
      const receivedBytes = file.size + partsBytes;
      if (receivedBytes > SAVED_MAX_BYTES) throw errorOf({ kind: 'unsupported', message: 'It is longer than the app can save.' });
      if (partsBytes >= FOLD_BYTES) fold();
      this.#become({ step: 'coming', receivedBytes });
    }
    fold();
    return file;
  }

  #become(state: SavingState): void {
    if (this.#isLeft) return;
    this.state = state;
    this.onChange();
  }
}

/** Hands it to the browser's own downloads, which ask or not as the user has set them. */
export function save(url: string, name: string): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
}
