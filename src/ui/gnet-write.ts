import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { judge } from '../shared/certificates.ts';
import { INBOX_TEXT_MAX_BYTES } from '../shared/inbox.ts';
import type { Failure } from '../shared/outcome.ts';
import { certificateList, certificateStyles } from './certificate-list.ts';
import { formStyles } from './form-styles.ts';
import './gnet-signer.ts';
import type { Signer } from './gnet-signer.ts';
import { shared } from './styles.ts';
import { ShellElement, shell } from './the-shell.ts';
import { joinSentence, sentence } from './words.ts';

/** A message to one inbox, as long as this tab is open: it is found again by who comes back to it, and written nowhere. */
interface Letter {
  text: string;
  /** `writing` again once it is kept or has failed. */
  state: 'writing' | 'sending';
  keptAtMs: number | undefined;
  failure: Failure | undefined;
}

const letters = new Map<string, Letter>();

/** The form that stands where a site would: the open address is an inbox. */
export class Write extends ShellElement {
  static override styles = [
    shared,
    formStyles,
    certificateStyles,
    css`
      :host {
        display: block;
        padding: clamp(1.25rem, 5vw, 3rem) 1.25rem 3rem;
      }
      .column {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 1.25rem;
        max-width: 42rem;
        margin: 0 auto;
      }
      h1:focus {
        outline: none;
      }
      header {
        display: grid;
        gap: 0.5rem;
      }
      textarea {
        min-height: 9rem;
        resize: vertical;
      }
      .under {
        justify-content: space-between;
      }
      .kept {
        padding-left: 0.75rem;
        border-left: 3px solid var(--good);
      }
      .failed {
        display: grid;
        gap: 0.25rem;
        padding-left: 0.75rem;
        border-left: 3px solid var(--bad);
      }
    `,
  ];

  /** Before a tab is closed whose message is on its way. */
  readonly #beforeUnload = (event: BeforeUnloadEvent): void => {
    if ([...letters.values()].some(({ state }) => state === 'sending')) event.preventDefault();
  };

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener('beforeunload', this.#beforeUnload);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener('beforeunload', this.#beforeUnload);
  }

  override firstUpdated(changed: PropertyValues): void {
    super.firstUpdated(changed);
    this.#part('h1').focus(); // a reader's ears follow it
  }

  override render() {
    const view = shell.site?.view;
    if (view === undefined) return nothing;
    const letter = letterTo(view.address);
    return html`<div class="column">
      <header>
        <h1 tabindex="-1">Write to this inbox</h1>
        <p class="small mono muted break">${view.address}</p>
      </header>
      <p>Only the inbox at this address can read what you send. It keeps it for its owner, who answers nothing here: where you want an answer, write
        how you can be reached.</p>
      <p class="small muted">Nothing in a message says who sent it, unless you sign it or your text does. Each comes by a circuit of its own.</p>
      ${certificateList(judge(view.certificates, shell.settings.trusted, Date.now()))}
      ${this.#form(view.address, letter)}
    </div>`;
  }

  #form(address: string, letter: Letter): TemplateResult {
    const sizeBytes = sizeOf(letter.text);
    const isTooLong = sizeBytes > INBOX_TEXT_MAX_BYTES;
    const isSending = letter.state === 'sending';
    // Spelling is left alone: browsers may ask their maker's servers about it.
    return html`<form aria-busy=${isSending} @submit=${(event: Event) => this.#submit(event, address, letter)} @keydown=${this.#onKey}>
      <label>Message
        <textarea rows="8" spellcheck="false" autocomplete="off" autocapitalize="sentences" aria-invalid=${isTooLong} aria-describedby="size"
          .value=${letter.text} ?readonly=${isSending} @input=${(event: Event) => this.#onInput(event, letter)}></textarea>
      </label>
      <gnet-signer></gnet-signer>
      <div class="row under">
        <button class="primary" aria-disabled=${isSending} aria-keyshortcuts="Control+Enter">${isSending ? 'Sending…' : 'Send'}</button>
        <p id="size" class="small numbers ${isTooLong ? 'error' : 'muted'}">${sizeText(sizeBytes)}</p>
      </div>
      <div role="status">${this.#progress(letter)}</div>
      <div role="alert">${letter.failure === undefined ? nothing : failed(letter.failure)}</div>
    </form>`;
  }

  #progress({ state, keptAtMs }: Letter): TemplateResult | typeof nothing {
    if (state === 'sending') {
      const join = shell.status?.join;
      return html`<p class="muted">${join?.step === 'ready' ? 'On its way. The inbox says when it has kept it, mostly within some seconds.' : `It waits until this tab has joined. ${joinSentence(join)}`}</p>`;
    }
    if (keptAtMs === undefined) return nothing;
    return html`<p class="kept"><strong>Kept by the inbox</strong> <span class="muted">at ${new Date(keptAtMs).toLocaleTimeString()}. Its owner can read it from now on.</span></p>`;
  }

  #onInput(event: Event, letter: Letter): void {
    letter.text = (event.target as HTMLTextAreaElement).value;
    letter.failure = undefined;
    this.requestUpdate();
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) (event.currentTarget as HTMLFormElement).requestSubmit();
  }

  #submit(event: Event, address: string, letter: Letter): void {
    event.preventDefault();
    if (letter.state === 'sending') return;
    void this.#send(address, letter);
    this.#part('textarea').focus();
  }

  async #send(address: string, letter: Letter): Promise<void> {
    Object.assign(letter, { state: 'sending', keptAtMs: undefined, failure: undefined });
    this.requestUpdate();
    const signer = this.#part('gnet-signer') as Signer;
    const outcome = await shell.peer?.sendMessage(address, letter.text, signer.isChosen);
    letter.state = 'writing';
    if (outcome?.ok) Object.assign(letter, { text: '', keptAtMs: Date.now() });
    else letter.failure = outcome;
    this.requestUpdate();
    await signer.read();
    await Promise.all([this.updateComplete, signer.updateComplete]);
    this.renderRoot.querySelector('.kept, .failed')?.scrollIntoView({ block: 'nearest' }); // a phone's keys lie over it
  }

  #part(selector: string): HTMLElement {
    return this.renderRoot.querySelector(selector) as HTMLElement;
  }
}

function letterTo(address: string): Letter {
  const letter = letters.get(address) ?? { text: '', state: 'writing', keptAtMs: undefined, failure: undefined };
  letters.set(address, letter);
  return letter;
}

/** Whether it was kept nobody knows then. */
const OPEN: readonly Failure['kind'][] = ['timeout', 'unserved', 'closed'];

function failed({ kind, message }: Failure): TemplateResult {
  return html`<div class="failed">
    <p class="error"><strong>${OPEN.includes(kind) ? 'The inbox has not said that it keeps it' : 'Not kept'}</strong></p>
    <p class="break">${sentence(message)}</p>
    <p class="small muted">Your text is still here.</p>
  </div>`;
}

function sizeOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

function sizeText(sizeBytes: number): string {
  const most = INBOX_TEXT_MAX_BYTES.toLocaleString('en');
  return `${sizeBytes.toLocaleString('en')} of at most ${most} bytes`;
}

customElements.define('gnet-write', Write);
