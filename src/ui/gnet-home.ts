import { css, html, nothing, type TemplateResult } from 'lit';
import type { StoredSite } from '../shared/peer-control.ts';
import { isAddress, normalAddress } from '../shared/links.ts';
import { choiceStyles, dotStyles, rows, shared } from './styles.ts';
import { ShellElement, shell } from './the-shell.ts';
import { bytesText, joinSentence, RELAY_SENTENCE, shortAddress } from './words.ts';

/** Long enough to read two sentences; looking at the card or touching it stops the clock. */
const INTRODUCTION_S = 12;

/** What stands there before a site is opened: joining, relaying, a first site, the sites of before. */
export class Home extends ShellElement {
  static override styles = [
    shared,
    rows,
    choiceStyles,
    dotStyles,
    css`
      :host {
        display: block;
        overflow: auto;
        padding: clamp(1.25rem, 5vw, 3.5rem) 1.25rem 3rem;
      }
      .column {
        display: grid;
        gap: 1.25rem;
        max-width: 42rem;
        margin: 0 auto;
      }
      header {
        display: grid;
        gap: 0.5rem;
        margin-bottom: 0.5rem;
      }
      .card {
        display: grid;
        gap: 0.875rem;
      }
      .state {
        display: flex;
        gap: 0.75rem;
        align-items: baseline;
      }
      .dot {
        width: 0.625rem;
        height: 0.625rem;
      }
    `,
  ];

  #secondsLeft = INTRODUCTION_S;
  #timer: ReturnType<typeof setInterval> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    void import('./gnet-trust.ts'); // nobody needs them to join
    void import('./gnet-invitations.ts');
    this.#timer = setInterval(() => this.#tick(), 1000);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  /** Joins by itself when nobody objects: opening the page is all that a peer takes. */
  #tick(): void {
    if (shell.joined || shell.settings.introduced || document.hidden) return;
    const card = this.renderRoot.querySelector('.introduction');
    if (card === null || card.matches(':hover, :focus-within')) return;
    this.#secondsLeft--;
    if (this.#secondsLeft <= 0) void shell.join();
    this.requestUpdate();
  }

  override render() {
    return html`<div class="column">
      <header>
        <h1>Read and publish without being seen</h1>
        <p class="muted">This tab is a peer of an anonymous network. Nothing to install, no account.</p>
      </header>
      ${shell.joined ? this.#join() : this.#introduction()} ${this.#demo()} ${this.#sites()}
      ${shell.joined ? html`<gnet-invitations></gnet-invitations><gnet-trust></gnet-trust>` : nothing}
    </div>`;
  }

  #introduction(): TemplateResult {
    return html`<section class="card introduction" aria-labelledby="introduction">
      <h2 id="introduction">Before the first link</h2>
      <p>Peers pass on each other’s traffic, wrapped in layers that only its reader can open; this tab does so too while it is open.
        <strong>${RELAY_SENTENCE}</strong></p>
      ${shell.route.kind === 'site' ? html`<p>What you came for opens as soon as this tab has joined.</p>` : nothing}
      ${this.#relaying()}
      <div class="row">
        <button class="primary" @click=${() => shell.join()}>Join</button>
        ${shell.settings.introduced ? nothing : html`<p class="small muted numbers">Joins by itself in ${this.#secondsLeft} s unless you look closer here.</p>`}
      </div>
    </section>`;
  }

  #join(): TemplateResult {
    const join = shell.status?.join;
    const dot = join?.step === 'ready' ? 'ready' : join?.step === 'failed' ? 'failed' : '';
    return html`<section class="card" aria-labelledby="join">
      <h2 id="join">The network</h2>
      <div class="state" role="status">
        <span class="dot ${dot}" aria-hidden="true"></span>
        <p class="numbers">${joinSentence(join ?? { step: 'starting' })}</p>
      </div>
      ${shell.hasWebRtc ? nothing : html`<p class="small muted">This browser has no WebRTC, or it is switched off. It works without: this tab links by WebSocket only.</p>`}
      ${shell.hostAnswers ? nothing : html`<p class="small muted">The app’s host does not answer. The app runs from this browser’s copy and calls the peers it remembers.</p>`}
      ${this.#relaying()}
    </section>`;
  }

  #relaying(): TemplateResult {
    const { leader } = shell.status ?? { leader: true };
    return html`<label class="choice">
      <input type="checkbox" role="switch" .checked=${shell.settings.relaying} @change=${(event: Event) => shell.setRelaying((event.target as HTMLInputElement).checked)}>
      <span>Relay for others</span>
      <span class="small muted">${shell.joined ? RELAY_SENTENCE : 'You can read with it off, too. Off, this tab is not listed as a relay.'}
        ${leader ? nothing : html`Another tab of this browser relays at present.`}</span>
    </label>`;
  }

  #demo(): TemplateResult | typeof nothing {
    const demo = shell.network?.demo;
    if (!shell.joined || demo === undefined || !isAddress(demo)) return nothing;
    return html`<section class="card" aria-labelledby="demo">
      <h2 id="demo">A first site</h2>
      <p>The host of this app offers a hidden site to try. Neither it nor anybody on the way learns that it is you who reads it.</p>
      <div class="row"><button @click=${() => shell.go({ kind: 'site', address: normalAddress(demo), path: '/' })}>Open the demo site</button></div>
    </section>`;
  }

  #sites(): TemplateResult | typeof nothing {
    if (shell.sites.length === 0) return nothing;
    return html`<section class="card" aria-labelledby="sites">
      <h2 id="sites">Sites stored in this browser</h2>
      <ul class="rows">${shell.sites.map((site) => this.#site(site))}</ul>
    </section>`;
  }

  #site(site: StoredSite): TemplateResult {
    const share = site.sizeBytes === 0 ? 1 : site.storedBytes / site.sizeBytes;
    const kept =
      share >= 1
        ? `all of it kept (${bytesText(site.sizeBytes)}), opens offline`
        : `${bytesText(site.storedBytes)} of ${bytesText(site.sizeBytes)} kept`;
    const title = site.title || shortAddress(site.address);
    return html`<li>
      <div>
        <a href="#/open/${site.address}/">${title}</a>
        <p class="small muted"><span class="mono">${shortAddress(site.address)}</span> · ${kept}</p>
      </div>
      <button class="quiet" aria-label="Delete ${title} from this browser" @click=${() => shell.forget(site.address)}>Delete</button>
    </li>`;
  }
}

customElements.define('gnet-home', Home);
