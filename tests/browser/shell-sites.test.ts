import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import { waitFor } from './support/drivers.ts';
import type { FixtureApp } from './support/fixture-app.ts';
import { content, frameUrl, keeperOf, open, stopServiceWorkers, withShell } from './support/shell.ts';
import { MOVIE } from './support/shell-sites.ts';

describe('the shell shows sites', { timeout: 240_000 }, () => {
  let app: FixtureApp;
  let context: BrowserContext;
  let page: Page;
  withShell((opened) => {
    ({ app, context, page } = opened);
  });

  it('shows a site under its address, styled, without cookies or a way to its scripts', async () => {
    await page.getByLabel('Address or link of a site').fill(`  ${app.addresses[0]?.toUpperCase()} `);
    await page.keyboard.press('Enter');
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    assert.equal(
      await content(page)
        .locator('h1')
        .evaluate((h1) => getComputedStyle(h1).color),
      'rgb(1, 2, 3)',
    );
    assert.ok(page.url().endsWith(`#/open/${app.addresses[0]}/`));
    assert.equal(await page.locator('gnet-site .place iframe').getAttribute('sandbox'), 'allow-same-origin allow-forms');
    assert.deepEqual(await context.cookies(), []);
  });

  it('follows links, forms and folders of the site, and the browser’s back and forward lead where they should', async () => {
    await open(page, app.addresses[0]);
    await content(page).locator('#two').click();
    await content(page).getByRole('heading', { name: 'Two' }).waitFor();
    assert.ok(page.url().endsWith('/two.html?x=1#end'), page.url());
    await page.goBack();
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    await page.goForward();
    await content(page).getByRole('heading', { name: 'Two' }).waitFor();
    await content(page).locator('#home').click();
    await content(page).locator('#find').click();
    // Until it is shown: what is clicked in a page that is about to go is lost, as in any browser.
    await content(page).getByRole('heading', { name: 'Two' }).waitFor();
    assert.ok(page.url().endsWith('/two.html?q=z'), page.url());
    await page.goBack();
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    await content(page).locator('#folder').click();
    await content(page).getByRole('heading', { name: 'Folder' }).waitFor();
    assert.ok(page.url().endsWith('/folder/'), page.url());
    assert.equal(
      await content(page)
        .locator('#pixel')
        .evaluate((image: HTMLImageElement) => image.naturalWidth),
      7,
    );
    await page.goBack();
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    await content(page).locator('#lost').click();
    await content(page).getByRole('heading', { name: 'Lost' }).waitFor();
    await page.getByText('The site has no such page').waitFor();
  });

  it('asks before a link leaves the network, and does not go there', async () => {
    await open(page, app.addresses[0]);
    await content(page).locator('#out').click();
    await page.getByRole('heading', { name: 'This link leaves the network' }).waitFor();
    await page.getByText('https://example.org/a?b=1').waitFor();
    await page.getByRole('button', { name: 'Back to the site' }).click();
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
  });

  it('gives a port of an address an origin of its own, and keeps links to it there', async () => {
    const origin = async (): Promise<string> => new URL(await frameUrl(page)).origin;
    await open(page, app.addresses[2]);
    await content(page).getByRole('heading', { name: 'Live' }).waitFor();
    const usual = await origin();
    await page.getByLabel('Address or link of a site').fill(`http://${app.addresses[2]}:8080/?x`);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${app.url}#/open/${app.addresses[2]}:8080/?x`);
    await waitFor('the other origin', async () => (await origin()) !== usual);
    await content(page).getByRole('heading', { name: 'Live' }).waitFor();
    await page.getByRole('button', { name: /circuits and links/ }).click();
    await page.getByRole('complementary').getByText(`${app.addresses[2]}:8080`, { exact: true }).waitFor();
    await content(page).locator('#trap').click();
    await page.getByText('evillmth.html', { exact: true }).waitFor();
    assert.ok(page.url().endsWith(`#/open/${app.addresses[2]}:8080/_gnet/save/trap`), page.url());
    await open(page, `${app.addresses[2]}:80`);
    await content(page).getByRole('heading', { name: 'Live' }).waitFor();
    assert.equal(await origin(), usual);
    await open(page, `${app.addresses[2]}:65536`);
    await page.getByText('65536 is no port: they go from 1 to 65535.').waitFor();
  });

  it('says that a site of files receives no form data', async () => {
    await open(page, app.addresses[0]);
    await content(page).locator('#send').click();
    await page.getByText('has nobody to receive it').waitFor();
  });

  it('serves ranges, verified, through the service worker', async () => {
    await open(page, app.addresses[0]);
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    const keeper = await keeperOf(page);
    const got = await keeper.evaluate(async () => {
      const response = await fetch('/movie.bin', { headers: { Range: 'bytes=65530-131080' } });
      return {
        status: response.status,
        range: response.headers.get('content-range'),
        bytes: [...new Uint8Array(await response.arrayBuffer())],
      };
    });
    assert.equal(got.status, 206);
    assert.equal(got.range, 'bytes 65530-131080/300000');
    assert.deepEqual(Uint8Array.from(got.bytes), MOVIE.slice(65_530, 131_081));
  });

  it('gives two sites two origins, and two tabs of one site two service workers', async () => {
    const origins = new Set<string>();
    const second = await context.newPage();
    for (const [tab, address] of [
      [page, app.addresses[0]],
      [second, app.addresses[0]],
    ] as const) {
      await tab.goto(`${app.url}#/open/${address}/`);
      await content(tab).getByRole('heading').waitFor();
      origins.add(new URL(await frameUrl(tab)).host);
    }
    await second.close();
    await content(page).locator('#two').click();
    await content(page).getByRole('heading', { name: 'Two' }).waitFor();
    await open(page, app.addresses[1]);
    await content(page).getByRole('heading', { name: 'Other' }).waitFor();
    origins.add(new URL(await frameUrl(page)).host);
    assert.equal(origins.size, 3);
    for (const origin of origins) assert.match(origin, /^[a-z2-7]{16}\.gnet\.localhost:\d+$/);
  });

  it('becomes a shell when a site’s own origin is opened in a tab', async () => {
    await open(page, app.addresses[0]);
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    const src = await frameUrl(page);
    const tab = await context.newPage();
    await tab.goto(`${src}two.html`);
    assert.equal(tab.url(), `${app.url}#/open/${app.addresses[0]}/two.html`);
    await tab.close();
  });

  it('refuses a page that the host answered and not the service worker', async () => {
    await open(page, app.addresses[0]);
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    const keeper = await keeperOf(page);
    await keeper.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.unregister());
    await content(page).locator('#two').click({ noWaitAfter: true });
    await page.getByText('did not come from the service worker').waitFor();
    assert.equal(await page.locator('gnet-site iframe').count(), 0);
  });

  it('gives a restarted service worker new ports', async () => {
    await open(page, app.addresses[0]);
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    await stopServiceWorkers(context, page);
    await content(page).locator('#two').click();
    await content(page).getByRole('heading', { name: 'Two' }).waitFor();
  });
});
