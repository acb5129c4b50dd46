import { css, html, nothing, type TemplateResult } from 'lit';
import './gnet-address-bar.ts';
import './gnet-home.ts';
import './gnet-site.ts';
import { failurePage, focusHeading, messagePage, messageStyles } from './message-page.ts';
import { outsidePage } from './outside-page.ts';
import { startAnew } from './peer-watch.ts';
import { hostOf } from './route.ts';
import { dotStyles, shared } from './styles.ts';
import { ShellElement, shell } from './the-shell.ts';
import { joinSentence, joinWord } from './words.ts';

/** The whole page: bar, place, panel. */
export class App extends ShellElement {
  static override styles = [
    shared,
    messageStyles,
    dotStyles,
    css`
      :host {
        display: grid;
        grid-template: auto auto minmax(0, 1fr) auto / minmax(0, 1fr) auto;
        height: 100dvh;
      }
      .bar {
        grid-column: 1 / -1;
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        gap: 0.5rem;
        align-items: center;
        padding: 0.5rem max(0.75rem, env(safe-area-inset-left));
        background: var(--raised);
        border-bottom: 1px solid var(--line);
      }
      .home {
        display: inline-flex;
        gap: 0.5rem;
        align-items: center;
        padding: 0.25rem 0.5rem;
        font-weight: 650;
        letter-spacing: -0.01em;
        color: var(--text);
        text-decoration: none;
        border-radius: 8px;
      }
      .home img {
        width: 1.625rem;
        height: 1.625rem;
      }
      .status {
        display: inline-flex;
        gap: 0.5rem;
        align-items: center;
        white-space: nowrap;
      }
      .dot {
        width: 0.5625rem;
        height: 0.5625rem;
      }
      .update {
        grid-column: 1 / -1;
        display: flex;
        flex-wrap: wrap;
        gap: 0.25rem 1rem;
        align-items: center;
        padding: 0.375rem 1rem;
        background: var(--sunken);
      }
      main {
        grid-row: 3;
        display: grid;
        min-width: 0;
        min-height: 0;
        overflow: auto;
      }
      gnet-panel {
        grid-row: 3;
        width: 22.5rem;
        border-left: 1px solid var(--line);
      }
      .skip {
        position: absolute;
        z-index: 3;
        left: 0.5rem;
        top: -4rem;
        padding: 0.5rem 0.875rem;
        background: var(--raised);
        border-radius: 8px;
      }
      .skip:focus {
        top: 0.5rem;
      }
      @media (max-width: 48rem) {
        .home span,
        .status .word {
          position: absolute;
          width: 1px;
          height: 1px;
          overflow: hidden;
          clip-path: inset(50%);
        }
        .status {
          padding-inline: 0.75rem;
        }
        main {
          grid-column: 1 / -1;
        }
        gnet-panel {
          grid-row: 4;
          grid-column: 1 / -1;
          width: auto;
          height: 55dvh;
          border-left: 0;
          border-top: 1px solid var(--line-strong);
        }
      }
    `,
  ];

  #panelOpen = false;
  #place = '';
  #hasJoined = false;
  #copied: string | undefined;

  override render() {
    const isUsable = navigator.serviceWorker !== undefined && navigator.locks !== undefined;
    if (!isUsable) return html`<main style="grid-row: 1 / -1">${messagePage(UNUSABLE)}</main>`;
    return html`<header class="bar">
        <a class="home" href="#/"><img src="/icon.svg" alt=""><span>GlobalNet</span></a>
        <gnet-address-bar></gnet-address-bar>
        ${this.#statusButton()}
      </header>
      ${shell.isSilent ? this.#silentBar() : shell.update === undefined ? nothing : this.#updateBar()}
      <main id="main" tabindex="-1">${this.#main()}</main>
      ${this.#panelOpen ? html`<gnet-panel id="panel" role="complementary" aria-label="Circuits and links" tabindex="0" @keydown=${this.#onPanelKey}></gnet-panel>` : nothing}`;
  }

  #statusButton(): TemplateResult {
    const join = shell.joined ? (shell.status?.join ?? { step: 'starting' as const }) : undefined;
    const dot = join === undefined ? 'none' : join.step;
    return html`<button class="quiet status" aria-expanded=${this.#panelOpen} aria-controls="panel" title=${joinSentence(join)} @click=${this.#togglePanel}>
      <span class="dot ${dot}" aria-hidden="true"></span><span class="word numbers">${joinWord(join)}</span><span class="hidden-text">: circuits and links</span>
      <span aria-hidden="true">${this.#panelOpen ? '×' : '≡'}</span>
    </button>`;
  }

  #updateBar(): TemplateResult {
    return html`<div class="update small" role="status">
      <p>A new version of the app is ready. It is used when all its tabs have been closed.</p>
      <button class="quiet" @click=${() => shell.update?.takeOver()}>Use it now</button>
    </div>`;
  }

  #silentBar(): TemplateResult {
    return html`<div class="update small" role="alert">
      <p>This tab’s peer has stopped and answers nothing. What is shown may be old.</p>
      <button class="quiet" @click=${startAnew}>Start it anew</button>
    </div>`;
  }

  #main(): TemplateResult {
    const { route } = shell;
    if (route.kind === 'outside') return this.#outside(route.url);
    if (route.kind === 'wrong')
      return messagePage(
        failurePage(route.failure, [{ label: 'Back to the start', isPrimary: true, run: () => shell.go({ kind: 'home' }) }]),
      );
    if (route.kind === 'invitation') return this.#otherInvitation(route.address, route.text);
    // Before the user has heard what joining shows, a link to a site waits behind the start page.
    if (route.kind === 'site' && shell.joined) return html`<gnet-site></gnet-site>`;
    return shell.started ? html`<gnet-home></gnet-home>` : html``;
  }

  #outside(url: string): TemplateResult {
    const back = (): void => (shell.site === undefined ? shell.go({ kind: 'home' }) : history.back());
    const copy = (): void =>
      void navigator.clipboard.writeText(url).then(() => {
        this.#copied = url;
        this.requestUpdate();
      });
    return outsidePage(url, this.#copied === url, { back, copy });
  }

  #otherInvitation(address: string, text: string): TemplateResult {
    return messagePage({
      title: 'You have another invitation to this address',
      text: 'The service knows its visitors by their invitations: with the new one you are the one whom it was made for. The one that you have would be replaced.',
      details: [['Address', address]],
      actions: [
        { label: 'Keep mine', isPrimary: true, run: () => shell.go({ kind: 'site', address, path: '/' }) },
        { label: 'Use the new one', run: () => void shell.acceptInvitation(text, { replaces: true }) },
      ],
    });
  }

  /** By the keyboard, its keys are in the panel then: else all of the site lay before it. */
  async #togglePanel({ detail }: MouseEvent): Promise<void> {
    void import('./gnet-panel.ts'); // nobody needs it to join
    this.#panelOpen = !this.#panelOpen;
    this.requestUpdate();
    await this.updateComplete;
    if (detail === 0 && this.#panelOpen) this.#focus('#panel');
  }

  #onPanelKey({ key }: KeyboardEvent): void {
    if (key !== 'Escape') return;
    this.#panelOpen = false;
    this.requestUpdate();
    this.#focus('.status');
  }

  #focus(selector: string): void {
    this.renderRoot.querySelector<HTMLElement>(selector)?.focus();
  }

  override updated(): void {
    const { route } = shell;
    const place = route.kind === 'site' ? hostOf(route) : JSON.stringify(route);
    const hasJoined = shell.joined && !this.#hasJoined;
    this.#hasJoined = shell.joined;
    // The site that waited is there, and the button that was pressed is not.
    if (hasJoined && route.kind === 'site' && this.shadowRoot?.activeElement === null) this.#focus('#main');
    if (place === this.#place) return;
    const isFirst = this.#place === '';
    this.#place = place;
    document.title = route.kind === 'outside' ? 'A link leads out — GlobalNet' : 'GlobalNet';
    if (route.kind === 'wrong' || route.kind === 'outside' || route.kind === 'invitation') focusHeading(this.renderRoot);
    else if (!isFirst) this.#focus('#main');
  }
}

const UNUSABLE = {
  title: 'This browser window cannot run the app',
  text: 'The app needs service workers: they check every byte of a site before it is shown, and keep sites away from the ordinary internet.',
  advice:
    'Open it at its https address, or at gnet.localhost on your own machine. Some private windows switch service workers off: use an ordinary window, or a current Firefox, Chrome, Edge or Safari.',
};

customElements.define('gnet-app', App);
