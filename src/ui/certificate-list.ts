import { css, html, nothing, type TemplateResult } from 'lit';
import { certificateWords, type JudgedCertificate } from '../shared/certificates.ts';

/** What issuers say of the open site. Their words stand apart from ours, and turn the direction of none of ours. */
export function certificateList(judged: readonly JudgedCertificate[]): TemplateResult | typeof nothing {
  if (judged.length === 0) return nothing;
  return html`<ul class="certificates small" aria-label="Statements about this site">${judged.map(certificateItem)}</ul>
    ${judged.some(({ name }) => name === undefined) ? html`<p class="small muted">You add keys that you trust on the start page. Take a key from its owner, not from this site.</p>` : nothing}`;
}

function certificateItem(judged: JudgedCertificate): TemplateResult {
  const counts = judged.name !== undefined && judged.standing === 'holds';
  return html`<li class=${counts ? 'counts' : 'muted'}>
    <p class="break">${certificateWords(judged)}</p>
    ${judged.says === undefined ? html`<p class="key mono">${judged.issuer}</p>` : html`<blockquote class="break"><bdi>${judged.says}</bdi></blockquote>`}
  </li>`;
}

export const certificateStyles = css`
  .certificates {
    display: grid;
    gap: 0.5rem;
  }
  .certificates li {
    padding-left: 0.75rem;
    border-left: 3px solid var(--line-strong);
  }
  .key {
    word-break: break-all;
  }
  .certificates .counts {
    border-color: var(--good);
  }
  blockquote {
    margin: 0.25rem 0 0;
    font-weight: 600;
  }
  .certificates .muted blockquote {
    font-weight: inherit;
  }
`;
