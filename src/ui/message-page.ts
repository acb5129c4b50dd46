import { css, html, nothing, type TemplateResult } from 'lit';
import type { Failure } from '../shared/outcome.ts';
import { explain, sentence, type ToldFailure } from './words.ts';

/** A message that fills the page: what happened, what differs, what to do. Its heading takes the focus (`focusHeading`). */
export interface MessagePage {
  title: string;
  text: string;
  advice?: string;
  /** Somebody lies: drawn as a warning. */
  isWarning?: boolean;
  details?: [name: string, value: string][];
  /** Between text and advice. */
  body?: TemplateResult;
  actions?: { label: string; isPrimary?: boolean; run: () => void }[];
}

export function messagePage(page: MessagePage): TemplateResult {
  return html`<section class="message ${page.isWarning ? 'warning' : ''}" aria-labelledby="message-title">
    <div class="message-text">
      <h1 id="message-title" tabindex="-1">${page.title}</h1>
      <p class="break">${page.text}</p>
      ${page.details?.length ? html`<dl class="small">${page.details.map(([name, value]) => html`<dt class="muted">${name}</dt><dd class="mono break">${value}</dd>`)}</dl>` : nothing}
      ${page.body ?? nothing}
      ${page.advice ? html`<p class="muted">${page.advice}</p>` : nothing}
      <div class="row">
        ${page.actions?.map(({ label, isPrimary, run }) => html`<button class=${isPrimary ? 'primary' : ''} @click=${once(run)}>${label}</button>`)}
      </div>
    </div>
  </section>`;
}

/** The second click of two is meant for what stood there before. */
function once(run: () => void) {
  return (event: MouseEvent): void => {
    if (event.detail < 2) run();
  };
}

export function failurePage(failure: ToldFailure, actions: NonNullable<MessagePage['actions']>): MessagePage {
  const { title, advice } = explain(failure);
  return { title, text: sentence(failure.message), advice, isWarning: failure.kind === 'unverified', details: detailsOf(failure), actions };
}

const PARTS = {
  signature: 'The signature',
  author: 'The author’s key',
  manifest: 'The list of files',
  chunk: 'A part of a file',
  rollback: 'The version: it is older than one seen before',
  conflict: 'The version: two different ones have its number',
} as const;

function detailsOf({ detail }: Failure): [string, string][] {
  if (detail === undefined) return [];
  const where =
    detail.path === undefined
      ? []
      : [['File', detail.chunkIndex === undefined ? detail.path : `${detail.path}, part ${detail.chunkIndex + 1}`] as [string, string]];
  return [['What differs', PARTS[detail.part]], ...where, ['Signed', detail.wanted], ['Came', detail.got]];
}

/** To be called when the page has become another: a reader's ears follow the focus. */
export function focusHeading(root: ParentNode): void {
  root.querySelector<HTMLElement>('#message-title')?.focus();
}

export const messageStyles = css`
  .message {
    display: grid;
    min-height: 100%;
    place-items: center;
    padding: 2rem 1.25rem;
    background: var(--page);
  }
  .message.warning {
    background: var(--bad-page);
  }
  .message.warning h1 {
    color: var(--bad);
  }
  .message h1:focus {
    outline: none;
  }
  .message-text {
    display: grid;
    gap: 1rem;
    width: 100%;
    max-width: 36rem;
  }
  .message dl {
    display: grid;
    grid-template-columns: max-content minmax(0, 1fr);
    gap: 0.25rem 1rem;
    padding: 0.875rem 1rem;
    background: var(--raised);
    border: 1px solid var(--line);
    border-radius: 8px;
  }
`;
