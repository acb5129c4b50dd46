import { css, html, nothing, type TemplateResult } from 'lit';
import { choiceStyles, shared } from './styles.ts';
import { ShellElement, shell } from './the-shell.ts';

/** Whether a message is signed, and the key that this browser keeps for that. Nothing is signed before its user says so. */
export class Signer extends ShellElement {
  static override styles = [
    shared,
    choiceStyles,
    css`
      :host {
        display: grid;
        gap: 0.75rem;
      }
      .key {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 0.25rem 0.75rem;
        align-items: center;
      }
    `,
  ];

  #key: string | undefined;
  /** What has just been done, for who does not see it. */
  #done = '';

  /** The user wants it signed. */
  get isChosen(): boolean {
    return this.#box?.checked ?? false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.read();
  }

  override render() {
    return html`<label class="choice">
        <input type="checkbox">
        <span>Sign it with a key of this browser</span>
        <span class="small muted">The owner sees then that all you sign comes from one sender, and can show it to others. The key is for this inbox alone,
          made at the first time, and goes with this browser’s data.</span>
      </label>
      ${this.#key === undefined ? nothing : this.#kept(this.#key)}
      <p class="hidden-text" role="status">${this.#done}</p>`;
  }

  #kept(key: string): TemplateResult {
    return html`<div class="key small">
      <p>Your key here, as the owner is shown it: <span class="mono break">${key}</span></p>
      <button class="quiet" type="button" aria-label="Remove your key for this inbox" @click=${this.#remove}>Remove</button>
    </div>`;
  }

  /** Shows the key that is kept now. */
  async read(): Promise<void> {
    this.#key = await shell.peer?.signer(shell.site?.view.address ?? '');
    this.requestUpdate();
  }

  get #box(): HTMLInputElement | null {
    return this.renderRoot.querySelector('input');
  }

  async #remove(): Promise<void> {
    await shell.peer?.forgetSigner(shell.site?.view.address ?? '');
    this.#done = 'Your key for this inbox is removed.';
    await this.read();
    if (this.#box !== null) this.#box.checked = false; // nor is another one made unasked
    this.#box?.focus(); // the button has gone
  }
}

customElements.define('gnet-signer', Signer);
