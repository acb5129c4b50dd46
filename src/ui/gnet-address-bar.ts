import { css, html, nothing } from 'lit';
import { failureOf } from '../shared/outcome.ts';
import { isMeantAsInvitation } from '../shared/links.ts';
import { hostOf, type Route, routeOfText } from './route.ts';
import { shared } from './styles.ts';
import { ShellElement, shell } from './the-shell.ts';
import { sentence } from './words.ts';

/** Takes an address or a link; shows where the frame is. */
export class AddressBar extends ShellElement {
  static override styles = [
    shared,
    css`
      :host {
        display: block;
        position: relative;
        min-width: 0;
      }
      input {
        width: 100%;
        height: 2.5rem;
        padding: 0 0.875rem;
        font: 0.9375rem var(--sans);
        color: var(--text);
        background: var(--sunken);
        border: 1px solid transparent;
        border-radius: 8px;
        text-overflow: ellipsis;
      }
      input::placeholder {
        color: var(--muted);
        opacity: 1;
      }
      input:focus {
        background: var(--raised);
        border-color: var(--accent);
        outline: 2px solid var(--accent);
        outline-offset: -1px;
      }
      input[aria-invalid='true'] {
        border-color: var(--bad);
      }
      .error {
        position: absolute;
        z-index: 2;
        inset: calc(100% + 0.375rem) 0 auto;
        padding: 0.625rem 0.875rem;
        color: var(--bad);
        background: var(--raised);
        border: 1px solid var(--bad);
        border-radius: 8px;
      }
    `,
  ];

  #error: string | undefined;
  #shown = '';
  #route: Route | undefined;

  override render() {
    return html`<form role="search" aria-label="Open a site" @submit=${this.#submit}>
      <input
        aria-label="Address or link of a site"
        placeholder="Address or link of a site"
        autocomplete="off"
        autocapitalize="none"
        spellcheck="false"
        enterkeyhint="go"
        aria-invalid=${this.#error === undefined ? 'false' : 'true'}
        aria-describedby="error"
        @focus=${(event: FocusEvent) => (event.target as HTMLInputElement).select()}
        @input=${() => this.#complain(undefined)}
        @keydown=${this.#onKey}
      >
      <div id="error" role="alert">${this.#error === undefined ? nothing : html`<p class="error small">${this.#error}</p>`}</div>
    </form>`;
  }

  /** What the user is typing is not overwritten; a new place is. */
  override updated(): void {
    const { route } = shell;
    const text =
      route.kind === 'site' ? `${hostOf(route)}${route.path === '/' ? '' : route.path}` : route.kind === 'wrong' ? route.text : '';
    if (text === this.#shown && route === this.#route) return;
    if (text !== this.#shown || this.#error !== undefined) this.#input.value = text;
    this.#shown = text;
    this.#route = route;
    this.#complain(undefined);
  }

  get #input(): HTMLInputElement {
    return this.renderRoot.querySelector('input') as HTMLInputElement;
  }

  #complain(error: string | undefined): void {
    if (this.#error === error) return;
    this.#error = error;
    this.requestUpdate();
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key !== 'Escape') return;
    this.#input.value = this.#shown;
    this.#complain(undefined);
  }

  #submit(event: Event): void {
    event.preventDefault();
    const text = this.#input.value;
    if (text.trim() === '') return;
    if (isMeantAsInvitation(text)) return void this.#accept(text);
    try {
      const route = routeOfText(text);
      this.#complain(undefined);
      this.#input.blur();
      shell.go(route);
    } catch (error) {
      this.#complain(sentence(failureOf(error).message));
    }
  }

  async #accept(text: string): Promise<void> {
    const failure = await shell.acceptInvitation(text);
    if (failure !== undefined) return this.#complain(sentence(failure.message));
    this.#complain(undefined);
    this.#input.blur();
    this.#input.value = this.#shown; // it is a secret, and kept
  }
}

customElements.define('gnet-address-bar', AddressBar);
