/** Takes the pictures in docs/pictures from a real network: `node --import tsx tools/screenshots.ts`. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { hopsOf, joinedTab, newProfile, openPanel, site, startChromium } from '../tests/e2e/support/chromium.ts';
import { startNetwork } from '../tests/e2e/support/network.ts';
import { until } from '../tests/e2e/support/until.ts';
import { root } from './paths.ts';

const FOLDER = join(root, 'docs', 'pictures');

/** Small enough for a repository: no picture is over 200 KB. */
const LOOKS: Record<string, BrowserContextOptions> = {
  light: { colorScheme: 'light', viewport: { width: 1024, height: 640 } },
  dark: { colorScheme: 'dark', viewport: { width: 1024, height: 640 } },
  phone: { colorScheme: 'light', viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true },
};

async function take(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(FOLDER, `${name}.png`), animations: 'disabled' });
}

async function takeLook(browser: Browser, url: string, look: string): Promise<void> {
  const context = await newProfile(browser, LOOKS[look]);
  const page = await context.newPage();
  await page.goto(url);
  await page.getByRole('button', { name: 'Join', exact: true }).waitFor();
  await take(page, `first-visit-${look}`);
  await page.close();

  const joined = await joinedTab(context, url);
  await take(joined, `home-${look}`);
  await joined.getByRole('button', { name: 'Open the demo site' }).click();
  await site(joined).getByRole('heading', { name: 'You are in.' }).waitFor();
  await site(joined)
    .locator('.hero img')
    .evaluate((image) => (image as unknown as { decode(): Promise<void> }).decode());
  await take(joined, `demo-${look}`);
  await openPanel(joined);
  await until('the way of the site', async () => (await hopsOf(joined)).length === 4);
  await take(joined, `panel-${look}`);
  await context.close();
}

mkdirSync(FOLDER, { recursive: true });
const [network, browser] = await Promise.all([startNetwork(), startChromium()]);
try {
  for (const look of Object.keys(LOOKS)) await takeLook(browser, network.url, look);
} finally {
  await browser.close();
  await network.close();
}
