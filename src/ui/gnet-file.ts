import { css, html, nothing, type TemplateResult } from 'lit';
import type { OfferedFile } from '../shared/site-shell.ts';
import { FileSaving, SAVED_MAX_BYTES, save } from './file-saving.ts';
import { focusHeading, type MessagePage, messagePage, messageStyles } from './message-page.ts';
import { shared } from './styles.ts';
import { ShellElement, shell } from './the-shell.ts';
import { bytesText, explain, sentence } from './words.ts';

const WARNING =
  'Whoever made it decides what is in it. Opened in another program it may connect to the internet by itself and show your IP address; a program may do anything.';

const ANEW = 'It comes from its beginning: the file has changed, or the service cannot send a part of it.';

/** A file that is not shown: what it is and from whom, and saving it, which nothing but the user's click begins. */
export class FileElement extends ShellElement {
  static override styles = [
    shared,
    messageStyles,
    css`
      :host {
        display: grid;
        min-height: 0;
      }
      .coming {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 0.5rem 1rem;
        align-items: center;
      }
      progress {
        grid-column: 1 / -1;
        width: 100%;
        height: 0.5rem;
        accent-color: var(--accent);
      }
    `,
  ];

  #file: OfferedFile | undefined;
  #saving: FileSaving | undefined;
  #heard: string | undefined;

  override willUpdate(): void {
    const file = shell.site?.view.file;
    if (file !== this.#file) this.#stop();
    this.#file = file;
  }

  override render() {
    return this.#file === undefined ? nothing : messagePage(this.#page(this.#file, shell.site?.view.host ?? ''));
  }

  /** A reader's ears follow the focus; a button that was pressed has gone. */
  override updated(): void {
    const step = this.#saving?.state.step ?? 'offered';
    if (step !== this.#heard) focusHeading(this.renderRoot);
    this.#heard = step;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop();
  }

  #page(file: OfferedFile, host: string): MessagePage {
    const state = this.#saving?.state;
    const vouched = file.isLive
      ? 'A live service sends it: nobody has signed it.'
      : 'Its author has signed it: each part is checked before it is saved.';
    const page = { details: detailsOf(file, host), advice: WARNING };
    const back = { label: 'Back', run: () => (history.length > 1 ? history.back() : shell.go({ kind: 'home' })) };
    if ((file.sizeBytes ?? 0) > SAVED_MAX_BYTES)
      return { ...page, title: 'This file is too large for the app', text: tooLargeText(file, host), actions: [back] };
    switch (state?.step) {
      case undefined: {
        const text = `${vouched} It is not among your files before you save it.`;
        return {
          ...page,
          title: 'A file, and not a page',
          text,
          actions: [{ label: 'Save', isPrimary: true, run: () => this.#save(file) }, back],
        };
      }
      case 'coming':
        return {
          ...page,
          title: 'Saving a file',
          text: `${state.isAnew ? `${ANEW} ` : ''}Leaving this page stops it.`,
          body: this.#progress(state.receivedBytes),
        };
      case 'broken':
        return {
          ...page,
          title: 'The download broke off',
          text: `${sentence(state.failure.message)} What has come is kept as long as this page stays open.`,
          body: this.#progress(state.have.sizeBytes),
          actions: [{ label: 'Go on', isPrimary: true, run: () => this.#saving?.goOn() }, back],
        };
      case 'saved': {
        const text = `${vouched} ${bytesText(state.sizeBytes)} came, and the browser has them.`;
        const again = { label: 'Save it again', run: () => save(state.url, file.name) };
        return { ...page, title: 'The file is with your downloads', text, actions: [{ ...back, isPrimary: true }, again] };
      }
      case 'failed': {
        const again = { label: 'Try again', isPrimary: true, run: () => shell.reload() };
        const text = `${explain(state.failure).title}. ${sentence(state.failure.message)}`;
        return { ...page, title: 'The file was not saved', text, actions: [again, back] };
      }
    }
  }

  /** Its button lies elsewhere than the one that began: a second click would stop it. */
  #progress(receivedBytes: number): TemplateResult {
    const sizeBytes = this.#saving?.sizeBytes;
    const of = sizeBytes === undefined ? '' : ` of ${bytesText(sizeBytes)}`;
    const isStill = this.#saving?.state.step === 'broken' && sizeBytes === undefined; // a bar without a length moves
    return html`<div class="coming">
      ${isStill ? nothing : html`<progress aria-label="Saving" max=${sizeBytes ?? nothing} value=${sizeBytes === undefined ? nothing : receivedBytes}></progress>`}
      <p class="small numbers">${bytesText(receivedBytes)}${of}</p>
      <button @click=${() => this.#stop()}>Cancel</button>
    </div>`;
  }

  #save(file: OfferedFile): void {
    const { site } = shell;
    if (site === undefined) return;
    this.#stop();
    this.#saving = new FileSaving(
      (have) => site.file(have),
      file.name,
      file.sizeBytes,
      () => this.requestUpdate(),
    );
    this.requestUpdate();
  }

  #stop(): void {
    this.#saving?.leave();
    this.#saving = undefined;
    this.requestUpdate();
  }
}

function detailsOf({ name, mediaType, sizeBytes }: OfferedFile, host: string): [string, string][] {
  return [
    ['Name', name],
    ['Kind', mediaType ?? 'not said'],
    ['Size', sizeBytes === undefined ? 'not said' : bytesText(sizeBytes)],
    ['From', host],
  ];
}

function tooLargeText({ isLive }: OfferedFile, host: string): string {
  const most = `Up to ${bytesText(SAVED_MAX_BYTES)} can be saved from here.`;
  return isLive
    ? `${most} Any program can fetch it by 'gnet proxy', for example curl.`
    : `${most} 'gnet open ${host} --out <folder>' gets all files of this site.`;
}

customElements.define('gnet-file', FileElement);
