/** The author goes away, then everybody: what was read can still be read, and who never read it is told. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { joinedTab, newProfile, openAddress, site, startChromium } from './support/chromium.ts';
import { gnet } from './support/gnet.ts';
import { type Network, type Seeder, startNetwork, writeSite } from './support/network.ts';
import { until } from './support/until.ts';

const FILES = {
  'index.html': '<!doctype html><title>Letters</title><h1>Letters</h1><a href="two.html">two</a>',
  'two.html': '<!doctype html><h1>Two</h1><img src="dot.svg" alt="a dot"><a href="./">home</a>',
  'dot.svg': '<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"/>',
};

describe('the author is away', { timeout: 280_000 }, () => {
  let network: Network;
  let browser: Browser;
  let folder: string;
  let seeder: Seeder;
  let reader: Page;
  before(async () => {
    [network, browser] = await Promise.all([startNetwork(), startChromium()]);
    folder = writeSite(network.folder, 'site', FILES);
    seeder = await network.seed(folder);
    reader = await joinedTab(await newProfile(browser), network.url);
    await readBoth(reader);
    await seeder.process.stop();
  });
  after(async () => {
    await browser?.close();
    await network?.close();
  });

  const heading = (page: Page, name: string): Promise<void> => site(page).getByRole('heading', { name, exact: true }).waitFor();

  async function readBoth(page: Page): Promise<void> {
    await openAddress(page, seeder.address);
    await heading(page, 'Letters');
    await site(page).locator('a').click();
    await heading(page, 'Two');
    await until('the picture', () =>
      site(page)
        .locator('img')
        .evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth === 7),
    );
  }

  it('pages that were read still open, from the store, and the app says so', async () => {
    await reader.reload();
    await heading(reader, 'Two');
    await reader.getByText('From this browser’s store: nothing newer could be had from the network.').waitFor();
    await readBoth(reader);
  });

  it('who never read it is told that nobody serves it now, and reads it when its author is back', async () => {
    const stranger = await joinedTab(await newProfile(browser), network.url);
    await openAddress(stranger, seeder.address);
    await stranger.getByRole('heading', { name: 'Nobody serves this site now' }).waitFor();
    await stranger.getByText('It exists, but whoever serves it is away. Try again later.').waitFor();
    const opened = await gnet(['open', seeder.address, '--data', network.dataFolder, '--out', `${network.folder}/out`]);
    assert.equal(opened.exitCode, 3);
    assert.match(opened.stderr, /^gnet: .* is known, but nobody answers for it at the \d points that were tried$/m);

    const again = await network.seed(folder);
    await stranger.getByRole('button', { name: 'Try again' }).click();
    await heading(stranger, 'Letters');
    await stranger.context().close();
    await again.process.stop();
  });

  it('pages that were read still open with every relay, every bootstrap and the app’s host stopped', async () => {
    await until('the app’s own copy', () =>
      reader.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.active?.state === 'activated'),
    );
    await network.up.stop('SIGINT');
    await reader.reload();
    await heading(reader, 'Two');
    await readBoth(reader);
    const tab = await reader.context().newPage();
    await tab.goto(network.url);
    await tab.getByText(/Not joined\. No bootstrap answers/).waitFor();
    await tab.getByText('The app’s host does not answer. The app runs from this browser’s copy').waitFor();
    await tab.getByRole('link', { name: 'Letters' }).click();
    await heading(tab, 'Letters');
    await tab.close();
  });
});
