import { css, html, nothing, type TemplateResult } from 'lit';
import { judge } from '../shared/certificates.ts';
import type { CircuitStatus, LinkStatus, PeerEvent } from '../shared/peer-api.ts';
import { certificateList, certificateStyles } from './certificate-list.ts';
import { shared } from './styles.ts';
import { ShellElement, shell } from './the-shell.ts';
import {
  bytesText,
  count,
  durationText,
  hopKind,
  joinSentence,
  progressText,
  purposeText,
  shortAddress,
  shortPeer,
  siteTitle,
  standingText,
} from './words.ts';

/** What the peer does now: the site's way through the network, its links, and what happened. */
export class Panel extends ShellElement {
  static override styles = [
    shared,
    certificateStyles,
    css`
      :host {
        display: block;
        overflow: auto;
        padding: 1.25rem;
        background: var(--raised);
      }
      section {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.625rem;
        padding-bottom: 1.25rem;
      }
      section + section {
        padding-top: 1.25rem;
        border-top: 1px solid var(--line);
      }
      .circuit {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        overflow-wrap: anywhere;
        gap: 0.5rem;
        padding: 0.75rem 0.875rem;
        background: var(--page);
        border: 1px solid var(--line);
        border-radius: 8px;
      }
      .hops li {
        position: relative;
        display: flex;
        gap: 0.625rem;
        align-items: baseline;
        justify-content: space-between;
        padding: 0.125rem 0 0.125rem 1.25rem;
      }
      .hops li::before {
        content: '';
        position: absolute;
        left: 0.1875rem;
        top: 0.6rem;
        width: 0.5rem;
        height: 0.5rem;
        border-radius: 50%;
        border: 2px solid var(--accent);
        background: var(--raised);
      }
      .hops li + li::after {
        content: '';
        position: absolute;
        left: 0.4375rem;
        bottom: calc(100% - 0.6rem);
        height: 1.05rem;
        border-left: 1px solid var(--line-strong);
      }
      summary {
        cursor: pointer;
      }
      details .circuit {
        margin-top: 0.625rem;
      }
      table {
        width: 100%;
        border-collapse: collapse;
      }
      th {
        font-weight: 500;
        text-align: left;
        color: var(--muted);
      }
      td,
      th {
        padding: 0.25rem 0.5rem 0.25rem 0;
      }
      td:last-child,
      th:last-child {
        padding-right: 0;
        text-align: right;
        white-space: nowrap;
      }
      time {
        flex: none;
        color: var(--muted);
      }
      .events li {
        display: flex;
        gap: 0.75rem;
        padding: 0.25rem 0;
      }
      .warning {
        color: var(--bad);
      }
    `,
  ];

  override render() {
    const { status } = shell;
    return html`${this.#site()}
      <section aria-labelledby="events">
        <h2 id="events">What happened</h2>
        ${this.#events()}
      </section>
      <section aria-labelledby="circuits">
        <h2 id="circuits">${shell.site === undefined ? 'Circuits of this tab' : 'Other circuits of this tab'}</h2>
        ${this.#otherCircuits(status?.circuits ?? [])}
      </section>
      <section aria-labelledby="links">
        <h2 id="links">Links</h2>
        ${this.#links(status?.links ?? [])}
        ${status === undefined ? nothing : html`<p class="small muted numbers">${status.relaying && status.leader ? `Relaying ${count(status.relayedCircuits, 'circuit')} of others, ${bytesText(status.relayedBytes)} so far.` : 'Not relaying for others.'}</p>`}
      </section>`;
  }

  #site(): TemplateResult | typeof nothing {
    const view = shell.site?.view;
    if (view === undefined) return nothing;
    const { info } = view;
    return html`<section aria-labelledby="site">
      <h2 id="site" class="break">${siteTitle(info) || 'This site'}</h2>
      <p class="small mono muted break">${view.host}</p>
      ${info === undefined ? nothing : html`<p class="small muted numbers">${standingText(info)}</p>`}
      ${certificateList(judge(view.certificates, shell.settings.trusted, Date.now()))}
      ${this.#ownCircuits().map((circuit) => this.#circuit(circuit))}
      ${[...shell.progress.values()].slice(-4).map((progress) => html`<p class="small numbers break">${progress.path || '/'}: ${progressText(progress)}</p>`)}
    </section>`;
  }

  /** Those that the open site comes by. */
  #ownCircuits(): CircuitStatus[] {
    const address = shell.site?.view.address;
    return shell.status?.circuits.filter(({ purpose }) => purpose === `visit ${address}`) ?? [];
  }

  #otherCircuits(circuits: readonly CircuitStatus[]): TemplateResult {
    const own = this.#ownCircuits();
    const others = circuits.filter((circuit) => !own.includes(circuit));
    if (others.length === 0) return html`<p class="small muted">None now. ${joinSentence(shell.status?.join)}</p>`;
    return html`<details class="small">
      <summary>${count(others.length, 'circuit')}</summary>
      ${others.map((circuit) => this.#circuit(circuit))}
    </details>`;
  }

  #circuit(circuit: CircuitStatus): TemplateResult {
    const guards = new Set(shell.status?.links.filter((link) => link.guard).map((link) => link.peer));
    const seconds = Math.max(1, circuit.ageMs / 1000);
    const speed = circuit.receivedBytes / seconds;
    return html`<article class="circuit" aria-label="Circuit ${circuit.name}">
      <h3>${circuit.name} <span class="muted small">${purposeText(circuit.purpose)}</span></h3>
      <ol class="hops small">
        <li><span>This tab</span></li>
        ${circuit.hops.map((hop, index) => html`<li><span class="mono" title=${hop}>${shortPeer(hop)}</span><span class="muted">${hopKind(circuit, index, guards)}</span></li>`)}
        ${circuit.purpose.startsWith('visit ') ? html`<li><span>The site</span><span class="muted">behind relays of its own</span></li>` : nothing}
      </ol>
      <p class="small muted numbers">
        ${bytesText(circuit.receivedBytes)} in, ${bytesText(circuit.sentBytes)} out, ${bytesText(speed)}/s on average,
        ${circuit.roundTripMs === undefined ? nothing : html`round trip ${durationText(circuit.roundTripMs)},`} ${durationText(circuit.ageMs)} old
      </p>
    </article>`;
  }

  #links(links: readonly LinkStatus[]): TemplateResult {
    if (links.length === 0) return html`<p class="small muted">No link yet.</p>`;
    return html`<table class="small numbers">
      <thead><tr><th scope="col">Peer</th><th scope="col">By</th><th scope="col">In / out</th></tr></thead>
      <tbody>${links.map(
        (link) => html`<tr>
        <td><span class="mono" title=${link.peer}>${shortPeer(link.peer)}</span>${link.guard ? ' guard' : ''}</td>
        <td>${KINDS[link.kind]}</td>
        <td>${bytesText(link.receivedBytes)} / ${bytesText(link.sentBytes)}</td>
      </tr>`,
      )}</tbody>
    </table>`;
  }

  #events(): TemplateResult {
    if (shell.events.length === 0) return html`<p class="small muted">Nothing yet.</p>`;
    return html`<ol class="events small" role="log" aria-live="off">${shell.events.map((event) => this.#event(event))}</ol>`;
  }

  #event(event: PeerEvent): TemplateResult {
    const about = event.address !== undefined && event.address !== shell.site?.view.address ? ` (${shortAddress(event.address)})` : '';
    return html`<li class=${event.kind === 'warning' || event.kind === 'invitation' ? 'warning' : ''}>
      <time class="numbers" datetime=${new Date(event.atMs).toISOString()}>${new Date(event.atMs).toLocaleTimeString()}</time>
      <span class="break">${event.text}${about}</span>
    </li>`;
  }
}

const KINDS = { webrtc: 'WebRTC', websocket: 'WebSocket', memory: 'memory' } as const;

customElements.define('gnet-panel', Panel);
