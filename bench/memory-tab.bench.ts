/**
 * Memory of a tab of the app in Chromium: its renderer process, page and workers together, by what the kernel says is not Chromium's own
 * program (Pss_Anon and Pss_Shmem of /proc). Beside it, what an empty page takes.
 */
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { joinedTab, newProfile, openAddress, openPanel, site, startChromium } from '../tests/e2e/support/chromium.ts';
import { startNetwork } from '../tests/e2e/support/network.ts';
import { type Bench, median } from './harness.ts';

/** So long until what joining needed once has been collected. */
const SETTLE_MS = 8000;
const SAMPLES = 7;

async function renderers(system: CDPSession): Promise<number[]> {
  const { processInfo } = await system.send('SystemInfo.getProcessInfo');
  return processInfo.flatMap(({ type, id }) => (type === 'renderer' ? [id] : []));
}

function ownMb(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return [...rollup.matchAll(/^Pss_(?:Anon|Shmem):\s+(\d+) kB/gm)].reduce((sum, [, kilobytes]) => sum + Number(kilobytes) * 1024, 0) / 1e6;
}

/** The renderer that holds the tab is the largest of those that `open` started; others wait for tabs to come. */
async function newRenderer<T>(system: CDPSession, open: () => Promise<T>): Promise<{ opened: T; pid: number }> {
  const before = new Set(await renderers(system));
  const opened = await open();
  const started = (await renderers(system)).filter((pid) => !before.has(pid) && existsSync(`/proc/${pid}`)); // one that waited may have ended
  const [pid] = started.sort((a, b) => ownMb(b) - ownMb(a));
  if (pid === undefined) throw new Error('the tab has no process of its own');
  return { opened, pid };
}

async function settledMb(pid: number): Promise<number> {
  await wait(SETTLE_MS);
  const found: number[] = [];
  for (let i = 0; i < SAMPLES; i++) {
    found.push(ownMb(pid));
    await wait(300);
  }
  return median(found);
}

async function holds(page: Page): Promise<string> {
  const panel = await openPanel(page);
  const count = (what: string): Promise<number> => panel.locator(what).count();
  return `${await count('#links ~ table tbody tr')} links, ${await count('article.circuit')} circuits`;
}

async function measure(browser: Browser, network: Awaited<ReturnType<typeof startNetwork>>, report: Parameters<Bench>[0]): Promise<void> {
  const system = await browser.newBrowserCDPSession();
  const empty = await newRenderer(system, async () => {
    const page = await (await newProfile(browser)).newPage();
    await page.goto('data:text/html,empty');
    return page;
  });
  const emptyMb = await settledMb(empty.pid);
  const { opened: tab, pid } = await newRenderer(system, async () => joinedTab(await newProfile(browser), network.url));
  const joinedMb = await settledMb(pid);
  const versus = 'an empty page';
  report('', { value: joinedMb, unit: `MB: joined, ${await holds(tab)}`, versus, ratio: joinedMb / emptyMb });
  report('an empty page', { value: emptyMb, unit: 'MB' });
  await openAddress(tab, network.demo);
  await site(tab).locator('h1').first().waitFor();
  const readMb = await settledMb(pid);
  report('with a site open', { value: readMb, unit: `MB: ${await holds(tab)}`, versus, ratio: readMb / emptyMb });
}

const bench: Bench = async (report) => {
  const network = await startNetwork();
  const browser = await startChromium();
  try {
    await measure(browser, network, report);
  } finally {
    await browser.close();
    await network.close();
  }
};

export default bench;
