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
  const joined = page.getByTitle(/^Joined: /);
  await joined.waitFor().catch(async (cause) => {
    throw new Error(`not joined; instead the panel says: ${await panelText(page)}`, { cause });
  });
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
  const panel = page.getByRole('complementary');
  await panel.locator('section').first().waitFor();
  return panel;
}

/** A tab that joins by itself: its profile was introduced by an earlier one. */
export async function anotherTab(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url);
  await untilJoined(page);
  return page;
}

/** Everything the panel says, as one line. */
export async function panelText(page: Page): Promise<string> {
  const panel = await openPanel(page);
  return (await panel.evaluate((host) => host.shadowRoot?.textContent ?? '')).replace(/\s+/g, ' ');
}

export interface Relayed {
  circuits: number;
  bytes: number;
}

const UNITS: Record<string, number> = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9 };

/** What this tab relays for others; undefined when it does not. */
export async function relayedBy(page: Page): Promise<Relayed | undefined> {
  const found = /Relaying (\d+) circuits? of others, ([\d.]+) ([KMG]?B) so far/.exec(await panelText(page));
  return found === null ? undefined : { circuits: Number(found[1]), bytes: Number(found[2]) * (UNITS[found[3] as string] as number) };
}

/** Full ids of the guards that this tab is linked to. */
export async function guardsOf(page: Page): Promise<string[]> {
  const panel = await openPanel(page);
  const rows = panel.locator('#links ~ table tbody tr').filter({ hasText: 'guard' });
  return (await rows.locator('[title]').evaluateAll((cells) => cells.map((cell) => cell.getAttribute('title') ?? ''))).sort();
}

/** Full ids of the hops by which the open site comes. */
export async function hopsOf(page: Page): Promise<string[]> {
  const panel = await openPanel(page);
  return panel.locator('#site ~ article.circuit .hops [title]').evaluateAll((hops) => hops.map((hop) => hop.getAttribute('title') ?? ''));
}
