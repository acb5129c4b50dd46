/** A load event may overtake the service worker's report, which takes another way. */
const REPORT_GRACE_MS = 1500;

/** The frame that shows a site's pages, one after the other. Each page that it loads must have been reported by the service worker. */
export class ContentFrame {
  readonly #onUnanswered: () => void;
  #place: HTMLElement | undefined;
  #frame: HTMLIFrameElement | undefined;
  #answered = false;
  /** A page was loaded whose answer has not been reported yet. */
  #unanswered: ReturnType<typeof setTimeout> | undefined;

  /** @param onUnanswered a page is there of which nobody has said that it came through the service worker. */
  constructor(onUnanswered: () => void) {
    this.#onUnanswered = onUnanswered;
  }

  get isPlaced(): boolean {
    return this.#place !== undefined;
  }

  /** The element that the frame is to stand in. A frame that was taken out of the document has lost its page. */
  attach(place: HTMLElement): void {
    this.#place = place;
    this.#frame = undefined;
  }

  load(url: string): void {
    this.#forgetLoad(); // of the page that goes: its answer would be taken for this one's
    this.#answered = false;
    // By replacing: the shell's history is the only one. To a place in the page that it shows a frame would go without asking anybody.
    if (url.includes('#')) this.remove();
    if (this.#frame !== undefined) this.#frame.contentWindow?.location.replace(url);
    else this.#place?.append((this.#frame = this.#newFrame(url)));
  }

  /** The service worker has answered for the page that is loaded, or is about to be. */
  noteAnswer(): void {
    this.#answered = this.#unanswered === undefined;
    this.#forgetLoad();
  }

  remove(): void {
    this.#forgetLoad(); // Firefox loads a blank page for an answer without one
    this.#frame?.remove();
    this.#frame = undefined;
  }

  #newFrame(url: string): HTMLIFrameElement {
    const frame = document.createElement('iframe');
    frame.title = 'Site';
    // Scripts off, the site's own origin on: without it the service worker would not be asked.
    frame.setAttribute('sandbox', 'allow-same-origin allow-forms');
    frame.referrerPolicy = 'no-referrer';
    frame.src = url;
    frame.addEventListener('load', () => this.#onLoad());
    return frame;
  }

  /** Without a report the host of the app, or somebody on the way to it, may have answered. */
  #onLoad(): void {
    clearTimeout(this.#unanswered);
    this.#unanswered = this.#answered ? undefined : setTimeout(this.#onUnanswered, REPORT_GRACE_MS);
    this.#answered = false;
  }

  #forgetLoad(): void {
    clearTimeout(this.#unanswered);
    this.#unanswered = undefined;
  }
}
