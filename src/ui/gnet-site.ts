import { css, html, nothing, type PropertyValues } from 'lit';
import { failurePage, focusHeading, messagePage, messageStyles } from './message-page.ts';
import type { SiteSession } from './site-session.ts';
import { shared } from './styles.ts';
import { ShellElement, shell } from './the-shell.ts';
import { progressText, siteTitle } from './words.ts';

/** The frame of the open site, or the message that stands in its place. */
export class SiteElement extends ShellElement {
  static override styles = [
    shared,
    messageStyles,
    css`
      :host {
        display: grid;
        grid-template-rows: auto minmax(0, 1fr);
        min-height: 0;
        overflow: auto;
      }
      .place {
        display: grid;
        min-height: 0;
        background: #ffffff;
      }
      .place[hidden] {
        display: none;
      }
      .place iframe {
        width: 100%;
        height: 100%;
        border: 0;
      }
      .notice {
        display: flex;
        gap: 0.75rem;
        align-items: center;
        padding: 0.5rem 1rem;
        background: var(--raised);
        border-bottom: 1px solid var(--line);
      }
      .notice p {
        flex: 1;
      }
      .bar {
        flex: none;
        width: 4rem;
        height: 0.25rem;
        overflow: hidden;
        background: var(--sunken);
        border-radius: 2px;
      }
      .bar::after {
        content: '';
        display: block;
        width: 40%;
        height: 100%;
        background: var(--accent);
        border-radius: 2px;
        animation: run 1.4s ease-in-out infinite alternate;
      }
      @keyframes run {
        to {
          transform: translateX(150%);
        }
      }
      @media (prefers-reduced-motion: reduce) {
        .bar::after {
          animation: none;
        }
      }
    `,
  ];

  #session: SiteSession | undefined;
  #failed = false;

  override render() {
    const view = shell.site?.view;
    const failure = view?.failure;
    if (view?.info?.kind === 'inbox') {
      void import('./gnet-write.ts');
      return html`<gnet-write></gnet-write>`;
    }
    return html`${failure === undefined ? html`<h1 class="hidden-text">${siteTitle(view?.info) || 'A site'}</h1>` : nothing}
      <div role="status">${failure === undefined ? this.#notice() : nothing}</div>
      <div class="place" ?hidden=${failure !== undefined || view?.file !== undefined}></div>
      ${failure === undefined ? (view?.file === undefined ? nothing : filePage()) : messagePage(failurePage(failure, this.#actions()))}`;
  }

  #actions() {
    return [
      { label: 'Try again', isPrimary: true, run: () => shell.reload() },
      { label: 'Back to the start', run: () => shell.go({ kind: 'home' }) },
    ];
  }

  #notice() {
    const view = shell.site?.view;
    if (view === undefined) return nothing;
    if (view.phase !== 'shown') {
      const progress = [...shell.progress.values()].at(-1);
      const words = progress === undefined ? 'Looking for the site.' : `Fetching: ${progressText(progress)}.`;
      return waiting(words);
    }
    if (view.file !== undefined) return nothing; // its own page says more
    if (view.isSending) return waiting('Sending what you filled in.');
    if (view.notFound) return notice('The site has no such page; this is what it shows instead.');
    if (view.isLive) return notice('Live from the service itself: signed by nobody, and not kept.');
    const info = view.info?.kind === 'signed' ? view.info : undefined;
    if (info?.conflict) return notice('The author signed two different versions with the same number. This is one of them.');
    return info?.fromStore ? notice('From this browser’s store: nothing newer could be had from the network.') : nothing;
  }

  override updated(changed: PropertyValues): void {
    super.updated(changed);
    const place = this.renderRoot.querySelector<HTMLElement>('.place');
    if (place !== null && shell.site !== this.#session) {
      place.replaceChildren();
      this.#session = shell.site;
      this.#session?.attach(place);
    }
    const failed = shell.site?.view.failure !== undefined;
    if (failed && !this.#failed) focusHeading(this.renderRoot);
    this.#failed = failed;
  }
}

/** Nobody needs it to join. */
function filePage() {
  void import('./gnet-file.ts');
  return html`<gnet-file></gnet-file>`;
}

function waiting(text: string) {
  return html`<div class="notice small"><span class="bar" aria-hidden="true"></span><p class="numbers">${text}</p></div>`;
}

function notice(text: string) {
  return html`<div class="notice small"><p>${text}</p></div>`;
}

customElements.define('gnet-site', SiteElement);
