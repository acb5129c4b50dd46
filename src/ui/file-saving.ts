import { Incoming } from '../shared/incoming.ts';
import { errorOf, type Failure, failureOf } from '../shared/outcome.ts';
import type { SiteRequest } from '../shared/site-port.ts';
import type { FileAnswer, SavedPart } from '../shared/site-shell.ts';

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
/** Another try would end the same way, or what has come is worth nothing. */
const FINAL: ReadonlySet<Failure['kind']> = new Set(['unverified', 'unsupported', 'malformed', 'full']);

export type SavingState =
  /** `isAnew`: it was to go on, and comes from its beginning instead. */
  | { step: 'coming'; receivedBytes: number; isAnew: boolean }
  /** It can be gone on with, behind what is here. */
  | { step: 'broken'; have: SavedPart; failure: Failure }
  | { step: 'saved'; url: string; sizeBytes: number }
  | { step: 'failed'; failure: Failure };

/** One file on its way from a site's service worker to the browser's downloads: all of it, or nothing. */
export class FileSaving {
  state: SavingState = { step: 'coming', receivedBytes: 0, isAnew: false };
  /** Undefined: only its end will tell. */
  sizeBytes: number | undefined;
  #file = new Blob([], { type: TYPE });
  #parts: Uint8Array<ArrayBuffer>[] = [];
  #partsBytes = 0;
  #validator: string | undefined;
  #isAnew = false;
  #stop = (): void => {};
  #isLeft = false;

  /**
   * @param open as `SiteSession.file`. @param name fit to be one. @param sizeBytes as it was offered.
   */
  constructor(
    private readonly open: (have?: SavedPart) => MessagePort,
    private readonly name: string,
    sizeBytes: number | undefined,
    private readonly onChange: () => void,
  ) {
    this.sizeBytes = sizeBytes;
    void this.#run();
  }

  /** After it broke off: only what is missing is fetched, where its service can do that. */
  goOn(): void {
    const { state } = this;
    if (state.step !== 'broken' || this.#isLeft) return;
    this.#become({ step: 'coming', receivedBytes: state.have.sizeBytes, isAnew: false });
    void this.#run(state.have);
  }

  /** Nobody wants it any more; what has come is let go. */
  leave(): void {
    if (this.#isLeft) return;
    this.#isLeft = true;
    this.#stop();
    this.#drop();
    const { state } = this;
    if (state.step === 'saved') setTimeout(() => URL.revokeObjectURL(state.url), REVOKE_MS);
  }

  get #receivedBytes(): number {
    return this.#file.size + this.#partsBytes;
  }

  async #run(have?: SavedPart): Promise<void> {
    try {
      await this.#receive(have);
      if (this.#isLeft) return;
      this.#fold();
      const url = URL.createObjectURL(this.#file);
      this.#become({ step: 'saved', url, sizeBytes: this.#file.size });
      save(url, this.name);
    } catch (error) {
      this.#onFailure(failureOf(error));
    } finally {
      this.#stop();
    }
  }

  #onFailure(failure: Failure): void {
    const validator = this.#validator;
    const sizeBytes = this.#receivedBytes;
    if (sizeBytes > 0 && validator !== undefined && !FINAL.has(failure.kind))
      return this.#become({ step: 'broken', have: { sizeBytes, validator }, failure });
    this.#drop();
    this.#become({ step: 'failed', failure });
  }

  async #receive(have: SavedPart | undefined): Promise<void> {
    const port = this.open(have);
    const post = (request: SiteRequest): void => port.postMessage(request);
    const incoming = new Incoming({
      what: this.name,
      firstIndex: 0,
      endIndex: undefined,
      silenceMs: SILENCE_MS,
      pull: (chunks) => post({ type: 'pull', id: 0, chunks }),
      onOver: (isWhole) => {
        if (!isWhole) post({ type: 'cancel', id: 0 });
      },
    });
    this.#stop = () => {
      incoming.leave();
      port.close();
    };
    port.onmessage = ({ data }: MessageEvent<FileAnswer>) => {
      if (data.type === 'file') this.#begin(data);
      else incoming.onAnswer(data);
    };
    for await (const part of incoming.chunks()) this.#add(part as Uint8Array<ArrayBuffer>);
  }

  #begin({ fromBytes, sizeBytes, validator }: FileAnswer & { type: 'file' }): void {
    this.#isAnew = fromBytes !== this.#receivedBytes;
    if (this.#isAnew) this.#drop();
    this.sizeBytes = sizeBytes;
    this.#validator = validator;
  }

  #add(part: Uint8Array<ArrayBuffer>): void {
    this.#parts.push(part);
    this.#partsBytes += part.length;
    const receivedBytes = this.#receivedBytes;
    if (receivedBytes > SAVED_MAX_BYTES) throw errorOf({ kind: 'unsupported', message: 'It is longer than the app can save.' });
    if (this.#partsBytes >= FOLD_BYTES) this.#fold();
    this.#become({ step: 'coming', receivedBytes, isAnew: this.#isAnew });
  }

  #fold(): void {
    this.#file = new Blob([this.#file, ...this.#parts], { type: TYPE });
    this.#parts = [];
    this.#partsBytes = 0;
  }

  #drop(): void {
    this.#file = new Blob([], { type: TYPE });
    this.#parts = [];
    this.#partsBytes = 0;
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
