import { css } from 'lit';

/** What the forms of the shell share. */
export const formStyles = css`
  form {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 0.875rem;
  }
  label {
    display: grid;
    gap: 0.25rem;
  }
  input:not([type]),
  textarea {
    width: 100%;
    min-height: 2.5rem;
    padding: 0.375rem 0.75rem;
    font: 0.9375rem / 1.5 var(--sans);
    color: var(--text);
    background: var(--page);
    border: 1px solid var(--line-strong);
    border-radius: 8px;
  }
  [aria-invalid='true'] {
    border-color: var(--bad);
  }
  .error {
    color: var(--bad);
  }
`;
