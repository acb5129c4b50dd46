/** Tabs of the app in Chromium. A context is a browser profile of its own. */
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type FrameLocator,
  type Locator,
  type Page,
} from 'playwright-core';
import { needBrowser } from '../../../tools/browser.ts';
import { PATIENCE_MS } from './until.ts';

export async function startChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: needBrowser('chromium'), args: ['--no-sandbox'] });
}

export async function newProfile(browser: Browser, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PATIENCE_MS);
  return context;
}

/** A tab that has joined by its user's click. */
export async function joinedTab(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url);
  await page.getByRole('button', { name: 'Join', exact: true }).click();
  await untilJoined(page);
  return page;
}

export async function untilJoined(page: Page): Promise<void> {
  await page.getByTitle(/^Joined: /).waitFor();
}

/** Types or pastes an address or link into the bar. */
export async function openAddress(page: Page, text: string): Promise<void> {
  await page.getByLabel('Address or link of a site').fill(text);
  await page.keyboard.press('Enter');
}

/** The frame that shows the site. */
export function site(page: Page): FrameLocator {
  return page.frameLocator('gnet-site .place iframe');
}

/** The panel, opened. */
export async function openPanel(page: Page): Promise<Locator> {
  const button = page.getByRole('button', { name: /circuits and links/ });
  if ((await button.getAttribute('aria-expanded')) !== 'true') await button.click();
  return page.getByRole('complementary');
}
