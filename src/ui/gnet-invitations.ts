import { css, html, nothing, type TemplateResult } from 'lit';
import { rows, shared } from './styles.ts';
import { ShellElement, shell } from './the-shell.ts';
import { shortAddress } from './words.ts';

/** Invitations that this browser keeps: where they lead, and a way to be rid of them. */
export class Invitations extends ShellElement {
  static override styles = [
    shared,
    rows,
    css`
      /* Without any, no room is left for it. */
      :host {
        display: contents;
      }
      .card {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.875rem;
      }
    `,
  ];

  #addresses: readonly string[] = [];
  /** What has just been done, for who does not see the list. */
  #done = '';

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#read();
  }

  override render() {
    return html`${this.#addresses.length === 0 ? nothing : this.#card()}
      <p class="hidden-text" role="status">${this.#done}</p>`;
  }

  #card(): TemplateResult {
    return html`<section class="card" aria-labelledby="invitations">
      <h2 id="invitations" tabindex="-1">Invitations kept in this browser</h2>
      <p class="small muted">Each lets one browser or program at a time into a service that is not for everybody. The service knows you by it.</p>
      <ul class="rows">${this.#addresses.map((address) => this.#row(address))}</ul>
    </section>`;
  }

  #row(address: string): TemplateResult {
    const title = shell.sites.find((site) => site.address === address)?.title || shortAddress(address);
    return html`<li>
      <div><a href="#/open/${address}/">${title}</a><p class="small mono muted break">${address}</p></div>
      <button class="quiet" aria-label="Remove the invitation to ${title} from this browser" @click=${() => this.#remove(address, title)}>Remove</button>
    </li>`;
  }

  async #remove(address: string, title: string): Promise<void> {
    await shell.peer?.forgetInvitation(address);
    this.#done = `The invitation to ${title} is removed.`;
    await this.#read();
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('#invitations')?.focus(); // the button has gone
  }

  async #read(): Promise<void> {
    this.#addresses = (await shell.peer?.invitations()) ?? [];
    this.requestUpdate();
  }
}

customElements.define('gnet-invitations', Invitations);
