import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';
import type { Browser } from './leak-vectors.ts';

/** What a test needs of a browser's tab, whichever library drives it. */
export interface Tab {
  goto(url: string): Promise<void>;
  url(): string;
  /** URLs of all frames. */
  frames(): string[];
  /** Waits for, and clicks, in the frame whose URL the pattern fits; the top frame's is the page's own. */
  click(frame: RegExp, selector: string): Promise<void>;
  /** `element.textContent` once it is there. Selectors pierce open shadow roots. */
  text(frame: RegExp, selector: string): Promise<string>;
  evaluate<Result>(expression: string): Promise<Result>;
  close(): Promise<void>;
}

export interface Driver {
  readonly browser: Browser;
  /** What is saved lands in this folder. */
  readonly downloads: string;
  newTab(): Promise<Tab>;
  /** Closes it, at the first call; host names that were looked up stand in the browser's own log, which is the answer. */
  close(): Promise<string>;
}

/** Nothing that works comes near it, on a machine that is busy with other things too. */
const WAIT_MS = 60_000;

export async function startBrowser(browser: Browser): Promise<Driver> {
  return browser === 'chromium' ? startChromium() : startFirefox();
}

/** A fresh profile with prediction on: without it, hints do nothing and every test of them passes. */
async function startChromium(): Promise<Driver> {
  const folder = mkdtempSync(join(tmpdir(), 'gnet-chromium-'));
  mkdirSync(join(folder, 'Default'));
  writeFileSync(join(folder, 'Default', 'Preferences'), JSON.stringify({ net: { network_prediction_options: 0 } }));
  const log = join(folder, 'net-log.json');
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: process.env['CHROME_PATH'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', `--log-net-log=${log}`],
    downloadsPath: join(folder, 'downloads'),
  });
  return {
    browser: 'chromium',
    downloads: join(folder, 'downloads'),
    newTab: () => chromiumTab(context),
    close: once(async () => {
      await context.close();
      const names = readFileSync(log, 'utf8');
      rmSync(folder, { recursive: true, force: true });
      return names;
    }),
  };
}

async function chromiumTab(context: BrowserContext): Promise<Tab> {
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  const find = async (pattern: RegExp) => waitFor(`a frame ${pattern}`, () => page.frames().find((frame) => pattern.test(frame.url())));
  return {
    goto: async (url) => void (await page.goto(url, { waitUntil: 'commit' })),
    url: () => page.url(),
    frames: () => page.frames().map((frame) => frame.url()),
    click: async (pattern, selector) => (await find(pattern)).locator(selector).click({ noWaitAfter: true, force: true }),
    text: async (pattern, selector) => (await (await find(pattern)).locator(selector).first().textContent()) ?? '',
    evaluate: (expression) => page.evaluate(expression),
    close: () => page.close(),
  };
}

async function startFirefox(): Promise<Driver> {
  const folder = mkdtempSync(join(tmpdir(), 'gnet-firefox-'));
  const log = join(folder, 'dns');
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: process.env['FIREFOX_PATH'] ?? '/usr/bin/firefox-esr',
    env: { ...process.env, MOZ_LOG: 'nsHostResolver:5', MOZ_LOG_FILE: log },
    extraPrefsFirefox: {
      'network.http.speculative-parallel-limit': 20,
      'network.dns.disablePrefetch': false,
      'network.prefetch-next': true,
      'network.dns.disablePrefetchFromHTTPS': false,
      'browser.download.folderList': 2,
      'browser.download.dir': join(folder, 'downloads'),
    },
  });
  return {
    browser: 'firefox',
    downloads: join(folder, 'downloads'),
    async newTab() {
      const page = await browser.newPage();
      page.setDefaultTimeout(WAIT_MS);
      const find = async (pattern: RegExp) => waitFor(`a frame ${pattern}`, () => page.frames().find((frame) => pattern.test(frame.url())));
      const element = async (pattern: RegExp, selector: string) => {
        const frame = await find(pattern);
        return waitFor(`${selector} in ${pattern}`, () => frame.$(`>>> ${selector}`));
      };
      return {
        goto: async (url) => void (await page.goto(url, { waitUntil: 'domcontentloaded' })),
        url: () => page.url(),
        frames: () => page.frames().map((frame) => frame.url()),
        click: async (pattern, selector) => (await element(pattern, selector)).click(),
        text: async (pattern, selector) => (await (await element(pattern, selector)).evaluate((node) => node.textContent)) ?? '',
        evaluate: async (expression) => (await page.evaluate(expression)) as never,
        close: () => page.close(),
      };
    },
    close: once(async () => {
      await browser.close();
      const names = readMozLogs(folder);
      rmSync(folder, { recursive: true, force: true });
      return names;
    }),
  };
}

/** One file for each process. */
function readMozLogs(folder: string): string {
  return readdirSync(folder)
    .filter((name) => name.startsWith('dns'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
}

export async function waitFor<Value>(
  what: string,
  look: () => Value | undefined | null | false | Promise<Value | undefined | null | false>,
): Promise<Value> {
  const end = Date.now() + WAIT_MS;
  for (;;) {
    const value = await look();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${WAIT_MS} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function once<Value>(call: () => Promise<Value>): () => Promise<Value> {
  let called: Promise<Value> | undefined;
  return () => (called ??= call());
}
