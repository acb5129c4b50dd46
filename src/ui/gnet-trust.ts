import { css, html, nothing, type TemplateResult } from 'lit';
import type { TrustedKey } from '../shared/certificates.ts';
import { failureOf } from '../shared/outcome.ts';
import { parseIssuer, withoutTrusted, withTrusted } from '../shared/trusted-keys.ts';
import { shared } from './styles.ts';
import { ShellElement, shell } from './the-shell.ts';
import { sentence } from './words.ts';

interface Fault {
  field: 'key' | 'name';
  text: string;
}

/** Whose word about sites the user takes: keys of issuers, by names of his own. */
export class Trust extends ShellElement {
  static override styles = [
    shared,
    css`
      :host {
        display: block;
      }
      summary {
        cursor: pointer;
      }
      summary h2 {
        display: inline;
      }
      details[open] summary {
        margin-bottom: 0.875rem;
      }
      /* Not inherited through what a browser puts around the content of details. */
      .body {
        box-sizing: border-box;
      }
      .body,
      form {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.875rem;
      }
      li {
        display: flex;
        gap: 0.5rem;
        align-items: center;
        justify-content: space-between;
        padding: 0.625rem 0;
        border-top: 1px solid var(--line);
      }
      li div {
        min-width: 0;
      }
      .key {
        word-break: break-all;
      }
      li button {
        flex: none;
      }
      label {
        display: grid;
        gap: 0.25rem;
      }
      input {
        width: 100%;
        min-height: 2.5rem;
        padding: 0.375rem 0.75rem;
        font: 0.9375rem var(--sans);
        color: var(--text);
        background: var(--page);
        border: 1px solid var(--line-strong);
        border-radius: 8px;
      }
      input[aria-invalid='true'] {
        border-color: var(--bad);
      }
      .error {
        color: var(--bad);
      }
      .fields {
        display: grid;
        gap: 0.625rem;
      }
      @media (min-width: 36rem) {
        .fields {
          grid-template-columns: minmax(0, 2fr) minmax(0, 1fr);
        }
      }
    `,
  ];

  #error: Fault | undefined;
  /** What has just been done, for who does not see the list. */
  #done = '';

  override render() {
    const { trusted } = shell.settings;
    return html`<details class="card">
      <summary><h2>Keys that you trust${trusted.length === 0 ? nothing : html` <span class="muted numbers">(${trusted.length})</span>`}</h2></summary>
      <div class="body">
        <p class="small muted">Somebody whom you know can vouch for a site by a statement signed with his key. Of sites that carry one, the panel
          shows you what he says, if his key stands here. Take a key from its owner himself. No site learns whom you trust.</p>
        ${trusted.length === 0 ? nothing : html`<ul>${trusted.map((key) => this.#key(key))}</ul>`}
        ${this.#form()}
        <p class="hidden-text" role="status">${this.#done}</p>
      </div>
    </details>`;
  }

  #key({ name, issuer }: TrustedKey): TemplateResult {
    return html`<li>
      <div><p class="break"><bdi>${name}</bdi></p><p class="small mono muted key">${issuer}</p></div>
      <button class="quiet" aria-label="Remove ${name} from the keys that you trust" @click=${() => this.#remove(name, issuer)}>Remove</button>
    </li>`;
  }

  #form(): TemplateResult {
    const invalid = (field: string): string => String(this.#error?.field === field);
    return html`<form @submit=${this.#add} @input=${() => this.#complain(undefined)}>
      <div class="fields">
        <label class="small">Key
          <input name="key" placeholder="issuer-…" autocomplete="off" autocapitalize="none" spellcheck="false" aria-invalid=${invalid('key')} aria-describedby="error">
        </label>
        <label class="small">What you call it
          <input name="name" maxlength="64" autocomplete="off" aria-invalid=${invalid('name')} aria-describedby="error">
        </label>
      </div>
      <div id="error" role="alert">${this.#error === undefined ? nothing : html`<p class="error small break">${this.#error.text}</p>`}</div>
      <div class="row"><button>Trust this key</button></div>
    </form>`;
  }

  #field(name: string): HTMLInputElement {
    return this.renderRoot.querySelector(`input[name="${name}"]`) as HTMLInputElement;
  }

  async #add(event: Event): Promise<void> {
    event.preventDefault();
    const [key, name] = [this.#field('key'), this.#field('name')];
    let field: Fault['field'] = 'key';
    try {
      parseIssuer(key.value);
      field = 'name';
      await shell.changeTrusted((list) => withTrusted(list, key.value, name.value));
    } catch (error) {
      return this.#complain({ field, text: sentence(failureOf(error).message) });
    }
    this.#tell(`You trust ${name.value.trim()} now.`);
    key.value = name.value = '';
    key.focus();
  }

  async #remove(name: string, issuer: string): Promise<void> {
    await shell.changeTrusted((list) => withoutTrusted(list, issuer)).catch(() => {}); // another tab has done it
    this.#tell(`You trust ${name} no longer.`);
    this.#field('key').focus(); // the button has gone
  }

  #tell(done: string): void {
    this.#error = undefined;
    this.#done = done;
    this.requestUpdate();
  }

  #complain(error: Fault | undefined): void {
    if (this.#error === error) return;
    this.#error = error;
    this.requestUpdate();
  }
}

customElements.define('gnet-trust', Trust);
