import { css, html, nothing, type TemplateResult } from 'lit';
import type { TrustedKey } from '../shared/certificates.ts';
import { failureOf } from '../shared/outcome.ts';
import { parseIssuer, withoutTrusted, withTrusted } from '../shared/trusted-keys.ts';
import { formStyles } from './form-styles.ts';
import { choiceStyles, rows, shared } from './styles.ts';
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
    rows,
    formStyles,
    choiceStyles,
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
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.875rem;
      }
      .key {
        word-break: break-all;
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
        ${trusted.length === 0 ? nothing : html`<ul class="rows">${trusted.map((key) => this.#key(key))}</ul>`}
        ${this.#form()}
        ${this.#choice()}
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

  #choice(): TemplateResult {
    const { trusted, certifiedOnly } = shell.settings;
    return html`<label class="choice">
      <input type="checkbox" role="switch" .checked=${certifiedOnly} @change=${this.#choose}>
      <span>Open only what a key that I trust vouches for</span>
      <span class="small muted">Each site is asked for its statements before anything else, also one that is stored here. By that it can tell that you chose so.
        ${certifiedOnly && trusted.length === 0 ? html`<strong>No key stands here, so nothing opens.</strong>` : nothing}</span>
    </label>`;
  }

  async #choose(event: Event): Promise<void> {
    const { checked: certifiedOnly } = event.target as HTMLInputElement; // once the event is over it has no target
    await shell.changeTrust(() => ({ certifiedOnly }));
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
      await shell.changeTrust(({ trusted }) => ({ trusted: withTrusted(trusted, key.value, name.value) }));
    } catch (error) {
      return this.#complain({ field, text: sentence(failureOf(error).message) });
    }
    this.#tell(`You trust ${name.value.trim()} now.`);
    key.value = name.value = '';
    key.focus();
  }

  async #remove(name: string, issuer: string): Promise<void> {
    await shell.changeTrust(({ trusted }) => ({ trusted: withoutTrusted(trusted, issuer) })).catch(() => {}); // another tab has done it
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
