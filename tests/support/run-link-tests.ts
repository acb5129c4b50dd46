import { describe, it } from 'node:test';
import { linkCases, type LinkSetup } from './link-suite.ts';

/** The compliance suite under node:test; `setup` is made anew for each case. */
export function runLinkTests(name: string, setup: () => LinkSetup): void {
  describe(`link over ${name}`, () => {
    for (const linkCase of linkCases) it(linkCase.name, () => linkCase.run(setup()));
  });
}
