/** One reader's tab of the app, in either browser: what a user sees and does there. */
import { chromium, type Page as ChromiumPage } from 'playwright-core';
import puppeteer, { type ElementHandle, type Page as FirefoxPage } from 'puppeteer-core';
import { type BrowserName, needBrowser } from '../../../tools/browser.ts';
import { PATIENCE_MS, until } from './until.ts';

export interface Reader {
  goto(url: string): Promise<void>;
  url(): string;
  back(): Promise<void>;
  forward(): Promise<void>;
  /** In the shell's page; sees through shadow roots by `gnet.*` below. */
  evaluate<Result>(expression: string): Promise<Result>;
  /** A button or link of the shell. */
  click(name: string): Promise<void>;
  /** Into the address bar, and Enter. */
  openAddress(text: string): Promise<void>;
  /** In the document of the site. Its own scripts are off, so that nothing there can be awaited. */
  inSite<Result>(expression: string): Promise<Result>;
  clickInSite(selector: string): Promise<void>;
  close(): Promise<void>;
}

/** The site's own document, not the keeper's. */
const SITE = /^http:\/\/[a-z2-7]{16}\.gnet\.localhost:\d+\/(?!_gnet)/;

/** Defines `gnet` in a page: all elements and all text, shadow roots included. */
const EYES = `globalThis.gnet ??= {
  all(root = document) {
    return [...root.querySelectorAll('*')].flatMap((element) => [element, ...(element.shadowRoot ? this.all(element.shadowRoot) : [])]);
  },
  text(node = document.body) {
    if (node.nodeType === Node.TEXT_NODE) return node.data;
    if (['STYLE', 'SCRIPT', 'NOSCRIPT'].includes(node.nodeName)) return '';
    const children = node.shadowRoot ?? node;
    return [...children.childNodes].map((child) => this.text(child)).join('') + (/^(SPAN|A|B|I)$/.test(node.nodeName) ? '' : ' ');
  },
  named: (name) => gnet.all().find((element) => /^(BUTTON|A)$/.test(element.nodeName) && element.textContent.trim() === name),
}`;

/** What the shell shows, as one line. */
export async function shellText(reader: Reader): Promise<string> {
  return reader.evaluate<string>(`gnet.text().replace(/\\s+/g, ' ')`);
}

export async function untilShown(reader: Reader, words: RegExp): Promise<void> {
  await until(`${words} in the shell`, async () => words.test(await shellText(reader)), { now: () => shellText(reader) });
}

/** Until the site's page has this heading. */
export async function untilHeading(reader: Reader, words: string): Promise<void> {
  const heading = (): Promise<string> => reader.inSite<string>(`document.querySelector('h1')?.textContent ?? ''`).catch(() => '');
  await until(`the site's page '${words}'`, async () => (await heading()) === words, {
    now: async () => [await heading(), await shellText(reader)],
  });
}

/** `preferences`: Firefox's, as about:config names them. */
export async function startReader(browser: BrowserName, preferences: Record<string, unknown> = {}): Promise<Reader> {
  return browser === 'chromium' ? startChromiumReader() : startFirefoxReader(preferences);
}

async function startChromiumReader(): Promise<Reader> {
  const browser = await chromium.launch({ executablePath: needBrowser('chromium'), args: ['--no-sandbox'] });
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const siteFrame = (find: (page: ChromiumPage) => { url(): string }[] = (it) => it.frames()) =>
    find(page).find((frame) => SITE.test(frame.url()));
  const frame = () => until('the frame of the site', () => siteFrame() as ReturnType<ChromiumPage['mainFrame']> | undefined);
  return {
    goto: async (url) => void (await page.goto(url)),
    url: () => page.url(),
    back: async () => void (await page.goBack()),
    forward: async () => void (await page.goForward()),
    evaluate: (expression) => page.evaluate(`${EYES}; ${expression}`),
    click: (name) =>
      page
        .locator('button, a')
        .getByText(name, { exact: true })
        .or(page.getByRole('button', { name, exact: true }))
        .first()
        .click(),
    async openAddress(text) {
      await page.getByLabel('Address or link of a site').fill(text);
      await page.keyboard.press('Enter');
    },
    inSite: async (expression) => (await frame()).evaluate(expression),
    clickInSite: async (selector) => (await frame()).locator(selector).first().click({ noWaitAfter: true }),
    close: () => browser.close(),
  };
}

async function startFirefoxReader(extraPrefsFirefox: Record<string, unknown>): Promise<Reader> {
  const browser = await puppeteer.launch({ browser: 'firefox', executablePath: needBrowser('firefox'), extraPrefsFirefox });
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const frame = () => until('the frame of the site', () => page.frames().find((one) => SITE.test(one.url())));
  const handle = async (expression: string): Promise<ElementHandle> =>
    until(expression, async () => (await page.evaluateHandle(`${EYES}; ${expression}`)).asElement() as ElementHandle | null);
  return {
    goto: async (url) => void (await page.goto(url)),
    url: () => page.url(),
    back: () => travel(page, -1),
    forward: () => travel(page, 1),
    evaluate: async (expression) => (await page.evaluate(`${EYES}; ${expression}`)) as never,
    click: async (name) => (await handle(`gnet.named(${JSON.stringify(name)})`)).click(),
    async openAddress(text) {
      const input = await handle(`gnet.all().find((element) => element.getAttribute('aria-label') === 'Address or link of a site')`);
      await input.click({ count: 3 });
      await page.keyboard.type(text);
      await page.keyboard.press('Enter');
    },
    inSite: (expression) => firstAnswer(async () => (await frame()).evaluate(expression)) as never,
    async clickInSite(selector) {
      const element = await until(selector, () => firstAnswer(async () => (await frame()).$(selector)));
      await element.click();
    },
    close: () => browser.close(),
  };
}

/** Firefox goes on naming a frame for a moment whose page has just been replaced: asked again, it names the new one. */
async function firstAnswer<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  const answer = await until('an answer of the site', () =>
    ask().then(
      (value) => ({ value }),
      (error: Error) => (/no such frame|detached/i.test(error.message) ? undefined : Promise.reject(error)),
    ),
  );
  return answer.value;
}

/** The browser's own buttons, without waiting for a load: pages of the app differ by their fragment alone. */
async function travel(page: FirefoxPage, by: number): Promise<void> {
  await page.evaluate((steps) => history.go(steps), by);
}
