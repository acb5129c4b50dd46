import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { BrowserContext, Download, Page } from 'playwright-core';
import type { FixtureApp } from './support/fixture-app.ts';
import { content, faults, open, stopServiceWorkers, withShell } from './support/shell.ts';
import { MOVIE } from './support/shell-sites.ts';

describe('the shell saves files', { timeout: 240_000 }, () => {
  let app: FixtureApp;
  let context: BrowserContext;
  let page: Page;
  withShell((opened) => {
    ({ app, context, page } = opened);
  });

  it('saves a file when it is told to and not before, whole and as it was signed', async () => {
    const saved: Download[] = [];
    page.on('download', (download) => saved.push(download));
    await open(page, app.addresses[0], '/files.html');
    await content(page).locator('#movie').click();
    await page.getByRole('heading', { name: 'A file, and not a page' }).waitFor();
    const shown = (await page.locator('gnet-file').evaluate((element) => element.shadowRoot?.textContent ?? '')).replace(/\s+/g, ' ');
    assert.match(
      shown,
      /Its author has signed it.*Name ?movie\.bin ?Kind ?application\/octet-stream ?Size ?300 KB ?From ?[a-z2-7]{56}\.gnet/,
    );
    assert.match(shown, /may connect to the internet by itself and show your IP address/);
    assert.equal(saved.length, 0);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('heading', { name: 'The file is with your downloads' }).waitFor();
    assert.equal((await download).suggestedFilename(), 'movie.bin');
    assert.deepEqual(new Uint8Array(readFileSync(await (await download).path())), MOVIE);
    await page.getByRole('button', { name: 'Back' }).click();
    await content(page).locator('#style').click();
    await page.getByText('s.css', { exact: true }).waitFor();
    await page.goBack();
    await content(page).getByRole('heading', { name: 'Files' }).waitFor();
    assert.equal(saved.length, 1);
    page.removeAllListeners('download');
  });

  it('saves nothing of a file that was changed on the way, or that is no longer wanted', async () => {
    const saved: Download[] = [];
    page.on('download', (download) => saved.push(download));
    await open(page, app.addresses[0], '/movie.bin');
    await faults(page, '{ chunkDelayMs: 60_000 }');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('progressbar', { name: 'Saving' }).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await faults(page, '{ tamperedPath: "movie.bin" }');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('heading', { name: 'The file was not saved' }).waitFor();
    await page.getByText('This is not what its author signed. ').waitFor();
    await faults(page, '{}');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('heading', { name: 'The file is with your downloads' }).waitFor();
    assert.equal(saved.length, 1);
    page.removeAllListeners('download');
  });

  it('goes on where a file broke off, by the keyboard, as often as it breaks, and when the service worker was stopped meanwhile', async () => {
    await open(page, app.addresses[0], '/movie.bin');
    await faults(page, '{ breaksAtChunk: 2 }');
    await page.getByRole('button', { name: 'Save', exact: true }).press('Enter');
    await page.getByRole('heading', { name: 'The download broke off' }).waitFor();
    await page.getByText('The path to the site broke. What has come is kept').waitFor();
    await page.getByText('131 KB of 300 KB').waitFor();
    await page.keyboard.press('Tab'); // from the heading, which has the focus
    await page.keyboard.press('Tab');
    await faults(page, '{ breaksAtChunk: 4 }');
    await page.keyboard.press('Enter');
    await page.getByText('262 KB of 300 KB').waitFor();
    await faults(page, '{}');
    await stopServiceWorkers(context, page);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Go on' }).press('Enter');
    await page.getByRole('heading', { name: 'The file is with your downloads' }).waitFor();
    assert.deepEqual(new Uint8Array(readFileSync(await (await download).path())), MOVIE);
    assert.deepEqual(await page.evaluate('fixture.asked'), [0, 2, 4]);
  });

  it('gives what a live service wants saved a name that hides nothing, and never opens it', async () => {
    const saved: Download[] = [];
    page.on('download', (download) => saved.push(download));
    await open(page, app.addresses[2]);
    await content(page).locator('#trap').click();
    await page.getByText('evillmth.html', { exact: true }).waitFor();
    await page.getByText('A live service sends it: nobody has signed it.').waitFor();
    assert.equal(saved.length, 0);
    const pages = context.pages().length;
    await page.evaluate('const make = URL.createObjectURL; URL.createObjectURL = (blob) => ((globalThis.kind = blob.type), make(blob))');
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    assert.equal((await download).suggestedFilename(), 'evillmth.html');
    assert.match((await download).url(), /^blob:/);
    assert.equal(context.pages().length, pages);
    assert.equal(await page.evaluate('globalThis.kind'), 'application/octet-stream', 'it must be no page on the app’s own origin');
    page.removeAllListeners('download');
  });
});
