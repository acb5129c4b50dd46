import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import type { FixtureApp } from './support/fixture-app.ts';
import { certificateThat, content, faults, home, ISSUER_KEY, invitationTo, open, trust, withShell } from './support/shell.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const WIDE = { width: 1280, height: 720 };
/** How each view is looked at. Colours are all that the scheme changes. */
const LOOKS = [
  { name: 'light', colorScheme: 'light', size: WIDE, rules: undefined },
  { name: 'dark', colorScheme: 'dark', size: WIDE, rules: ['color-contrast', 'link-in-text-block'] },
  { name: 'dark phone', colorScheme: 'dark', size: { width: 360, height: 740 }, rules: undefined },
] as const;

describe('the shell is accessible, and has no horizontal scroll', { timeout: 240_000 }, () => {
  let app: FixtureApp;
  let page: Page;
  withShell((opened) => {
    ({ app, page } = opened);
  });

  /** In each look, without leaving the view. */
  async function check(view: string): Promise<void> {
    if (!(await page.evaluate(`'axe' in globalThis`))) await page.evaluate(AXE);
    for (const { name, colorScheme, size, rules } of LOOKS) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(size);
      const options = rules === undefined ? {} : { runOnly: rules };
      const found = (await page.evaluate(`axe.run({ exclude: [['iframe']] }, ${JSON.stringify(options)})`)) as {
        violations: { id: string; nodes: { html: string }[] }[];
      };
      assert.deepEqual(
        found.violations.map(({ id, nodes }) => `${view}, ${name}: ${id}: ${nodes[0]?.html}`),
        [],
      );
      const [wide, room] = (await page.evaluate('[document.documentElement.scrollWidth, innerWidth]')) as [number, number];
      assert.ok(wide <= room, `${view}, ${name}: ${wide} px in ${room}`);
    }
  }

  const bar = () => page.getByLabel('Address or link of a site');
  const certificates = [certificateThat('x'.repeat(200)), certificateThat('שלום, and more words')];

  it('at the start, and where it asks about another invitation', async () => {
    await page.getByText('Keys that you trust').click();
    await trust(page, ISSUER_KEY, 'W'.repeat(64));
    await page.getByText('(1)').waitFor();
    await bar().fill(invitationTo(app, 1));
    await page.keyboard.press('Enter');
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    await bar().fill(invitationTo(app, 2));
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Keep mine' }).waitFor();
    await check('another invitation');
    await home(page);
    await page.getByRole('region', { name: 'Invitations kept in this browser' }).waitFor();
    await check('start');
  });

  it('around a site, with its panel, and at an inbox', async () => {
    await faults(page, JSON.stringify({ certificates }));
    await open(page, app.addresses[0]);
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    await check('site');
    await page.getByRole('button', { name: /circuits and links/ }).click();
    await page.getByRole('blockquote').first().waitFor();
    await check('panel');
    const failure = { kind: 'timeout', message: `no answer: ${'W'.repeat(200)}` };
    await faults(page, JSON.stringify({ certificates, inbox: { failure } }));
    await home(page);
    await open(page, app.addresses[0]);
    await page.getByLabel('Message').fill('hello');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByRole('alert').getByText('has not said that it keeps it').waitFor();
    await page.getByRole('blockquote').first().waitFor();
    await check('inbox');
  });

  it('where a file is offered and on its way, and where something is wrong', async () => {
    await open(page, app.addresses[0], '/movie.bin');
    await page.getByRole('heading', { name: 'A file, and not a page' }).waitFor();
    await check('file');
    await faults(page, '{ breaksAtChunk: 2 }');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('heading', { name: 'The download broke off' }).waitFor();
    await check('broken off');
    await faults(page, '{ chunkDelayMs: 60_000 }');
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByRole('progressbar', { name: 'Saving' }).waitFor();
    await check('saving');
    await open(page, 'abc.gnet');
    await page.getByRole('heading', { name: 'This is not an address' }).waitFor();
    await check('message');
  });
});
