import type { TemplateResult } from 'lit';
import { messagePage } from './message-page.ts';

/** Where a link leads that leaves the network. It is never followed from here: who follows it shows an IP address to whoever is there. */
export function outsidePage(url: string, isCopied: boolean, actions: { back: () => void; copy: () => void }): TemplateResult {
  return messagePage({
    title: 'This link leaves the network',
    text: 'The page you were reading links to an address of the ordinary internet. Whoever runs it would learn your IP address. The app does not open it.',
    details: [['Address', url]],
    advice: 'If you want to go there all the same, copy the address and open it in another window or browser.',
    actions: [
      { label: 'Back to the site', isPrimary: true, run: actions.back },
      { label: isCopied ? 'Copied' : 'Copy the address', run: actions.copy },
    ],
  });
}
