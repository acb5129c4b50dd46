import { css } from 'lit';

/** What all elements share. Colours and measures are custom properties of the page (page.css), so that they reach into every shadow. */
export const shared = css`
  :host {
    box-sizing: border-box;
  }
  *,
  *::before,
  *::after {
    box-sizing: inherit;
  }
  h1,
  h2,
  h3,
  p,
  ul,
  ol,
  dl,
  dd {
    margin: 0;
    padding: 0;
  }
  ul,
  ol {
    list-style: none;
  }
  h1 {
    font-size: 1.75rem;
    line-height: 1.2;
    font-weight: 650;
    letter-spacing: -0.015em;
    text-wrap: balance;
  }
  h2 {
    font-size: 1.0625rem;
    line-height: 1.35;
    font-weight: 620;
  }
  h3 {
    font-size: 0.9375rem;
    font-weight: 600;
  }
  a {
    color: var(--accent);
    text-underline-offset: 0.15em;
  }
  .muted {
    color: var(--muted);
  }
  .small {
    font-size: 0.875rem;
    line-height: 1.5;
  }
  .mono {
    font-family: var(--mono);
    font-size: 0.9em;
  }
  .numbers {
    font-variant-numeric: tabular-nums;
  }
  .break {
    overflow-wrap: anywhere;
  }
  .hidden-text {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  button {
    font: inherit;
    font-weight: 550;
    color: var(--text);
    background: var(--raised);
    border: 1px solid var(--line-strong);
    border-radius: 8px;
    min-height: 2.5rem;
    padding: 0.375rem 0.875rem;
    cursor: pointer;
  }
  button:hover {
    border-color: var(--muted);
  }
  button.primary {
    color: var(--on-accent);
    background: var(--accent);
    border-color: var(--accent);
  }
  button.primary:hover {
    background: var(--accent-strong);
  }
  button.quiet {
    background: none;
    border-color: transparent;
    padding-inline: 0.625rem;
  }
  button.quiet:hover {
    background: var(--sunken);
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  .card {
    background: var(--raised);
    border: 1px solid var(--line);
    border-radius: 12px;
    padding: 1.25rem;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    gap: 0.625rem;
    align-items: center;
  }
`;

/** A list of what the user can remove: what it is to the left, the button to the right. */
export const rows = css`
  .rows li {
    display: flex;
    gap: 0.5rem;
    align-items: center;
    justify-content: space-between;
    padding: 0.625rem 0;
    border-top: 1px solid var(--line);
  }
  .rows li:first-child {
    border-top: 0;
  }
  .rows div {
    min-width: 0;
  }
  .rows a {
    font-weight: 550;
    overflow-wrap: anywhere;
  }
  .rows button {
    flex: none;
  }
`;

/** A switch, its name, and what it means below. */
export const choiceStyles = css`
  label.choice {
    display: grid;
    grid-template-columns: auto 1fr;
    gap: 0.125rem 0.75rem;
    align-items: start;
    cursor: pointer;
  }
  .choice input {
    width: 1.125rem;
    height: 1.125rem;
    margin: 0.2rem 0 0;
    accent-color: var(--accent);
  }
  .choice .small {
    grid-column: 2;
  }
`;

/** Where joining stands, as a colour; how large it is the place says. */
export const dotStyles = css`
  .dot {
    flex: none;
    border-radius: 50%;
    background: var(--waiting);
  }
  .dot.ready {
    background: var(--good);
  }
  .dot.failed {
    background: var(--bad);
  }
  .dot.none {
    background: var(--muted);
  }
`;
