import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { type Driver, startBrowser, type Tab, waitFor } from './drivers.ts';
import { type FixtureApp, type SiteFile, startFixtureApp } from './fixture-app.ts';
import { type Browser, VECTORS, type Vector } from './leak-vectors.ts';
import { Tracker } from './tracker.ts';

/** After a page is there, so long for what it starts late: hints, refreshes, media. */
const LATE_MS = 4000;
/** So long a control may take to fire, on a machine that is busy with other things too. */
const CONTROL_MS = 15_000;
const TABS_AT_ONCE = 12;
const CONTENT = /^http:\/\/[a-z2-7]{16}\.gnet\.localhost:\d+\/(?!_gnet)/;
const TOP = /^http:\/\/gnet\.localhost:\d+\//;

/** All that the shell shows, for whoever wonders why it did not show the site. */
const SHELL_TEXT = `(function text(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data.trim() && node.data.trim() + ' ';
  if (['STYLE', 'SCRIPT', 'NOSCRIPT'].includes(node.nodeName)) return '';
  return [...(node.shadowRoot ?? node).childNodes].map(text).join('');
})(document.body)`;

type Mode = 'open' | 'boxed';

/** Host names that only the look-up vectors name; below localhost, so that no look-up leaves the machine. */
function lookupHost(mode: Mode, index: number): string {
  return `lookup-${mode}-${index}.localhost`;
}

interface Corpus {
  files: SiteFile[];
  /** Which page shows which vector. */
  pages: Map<string, Vector[]>;
}

/** What is tried, and by whom. */
export interface HostileSite {
  readonly name: string;
  readonly isLive: boolean;
  readonly vectors: readonly Vector[];
}

const SIGNED: HostileSite = { name: 'a hostile site', isLive: false, vectors: VECTORS };

async function corpusOf(browser: Browser, mode: Mode, tracker: Tracker, all: readonly Vector[]): Promise<Corpus> {
  const files: SiteFile[] = [];
  const pages = new Map<string, Vector[]>();
  const together: string[] = [];
  for (const [index, vector] of all.entries()) {
    if (vector.only !== undefined && vector.only !== browser) continue;
    const url = await tracker.listener(`${mode} ${vector.name}`);
    files.push(...(vector.files?.(url) ?? []));
    const html = vector.html(url, lookupHost(mode, index));
    const page = vector.page ?? (vector.alone ? `alone-${index}.html` : 'index.html');
    pages.set(page, [...(pages.get(page) ?? []), vector]);
    if (vector.page !== undefined) continue;
    if (vector.alone)
      files.push({ path: page, mediaType: 'text/html', content: `<!doctype html><meta charset="utf-8">${html}<p id="shown">shown</p>` });
    else together.push(html);
  }
  files.push({
    path: 'index.html',
    mediaType: 'text/html',
    content: `<!doctype html><meta charset="utf-8"><p id="shown">shown</p>${together.join('\n')}`,
  });
  return { files, pages };
}

/** The same pages as any host would serve them. */
async function startOpenHost(files: readonly SiteFile[]): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    const file = files.find(({ path }) => `/${path}` === request.url);
    const headers = (file?.headers ?? []).map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]);
    const status = file === undefined ? 404 : headers.some(([name]) => name === 'Location') ? 302 : 200;
    response.writeHead(status, { 'Content-Type': file?.mediaType ?? 'text/plain', ...Object.fromEntries(headers) }).end(file?.content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Joins; all later tabs of the profile do so by themselves. */
async function join(driver: Driver, app: FixtureApp): Promise<void> {
  const tab = await driver.newTab();
  await tab.goto(app.url);
  await tab.click(TOP, 'button.primary');
  await wait(500);
  await tab.close();
}

type Page = [path: string, vectors: Vector[]];

/**
 * A tab for each page, open long enough for all that it starts late. Some at a time: all at once would starve each other, and one after
 * the other would take minutes.
 * @param isOver whether a page with these vectors has had its time, so long after it was shown.
 */
async function eachInItsTab(
  driver: Driver,
  pages: Map<string, Vector[]>,
  show: (tab: Tab, ...page: Page) => Promise<void>,
  isOver: (vectors: readonly Vector[], shownForMs: number) => boolean,
): Promise<void> {
  const open: { tab: Tab; vectors: Vector[]; shownAtMs: number }[] = [];
  const closeSome = async (): Promise<void> => {
    const mayClose = ({ vectors, shownAtMs }: (typeof open)[number]): boolean => isOver(vectors, Date.now() - shownAtMs);
    await waitFor('a page that has had its time', () => open.some(mayClose));
    for (const one of open.filter(mayClose)) {
      open.splice(open.indexOf(one), 1);
      await one.tab.close();
    }
  };
  for (const [path, vectors] of pages) {
    if (open.length === TABS_AT_ONCE) await closeSome();
    const tab = await driver.newTab();
    await show(tab, path, vectors);
    open.push({ tab, vectors, shownAtMs: Date.now() });
  }
  while (open.length > 0) await closeSome();
}

/** Of pages without protection. What a name server is asked is seen at the end alone. */
function haveFired(tracker: Tracker): (vectors: readonly Vector[], shownForMs: number) => boolean {
  return (vectors, shownForMs) => {
    if (shownForMs > CONTROL_MS) return true;
    if (vectors.some(({ lookup }) => lookup) && shownForMs <= LATE_MS) return false;
    return vectors.every(({ name, lookup }) => lookup || tracker.reached(`open ${name}`));
  };
}

async function showOpen(tab: Tab, url: string, vectors: readonly Vector[]): Promise<void> {
  await tab.goto(url).catch(() => {}); // a page may lead elsewhere at once
  if (vectors[0]?.click) await tab.click(/^http:/, '#go');
}

/** Opens a page of the hostile site in the shell, and waits until it is shown. */
async function showBoxed(tab: Tab, app: FixtureApp, path: string, vectors: readonly Vector[]): Promise<void> {
  await tab.goto(`${app.url}#/open/${app.addresses[0]}/${path}`);
  await waitFor(`${path} in the frame`, () => tab.frames().some((url) => CONTENT.test(url) && url.endsWith(`/${path}`))).catch(
    async (cause) => {
      throw new Error(`${path} was not shown; instead: ${await tab.evaluate<string>(SHELL_TEXT)} with frames ${tab.frames().join(', ')}`, {
        cause,
      });
    },
  );
  if (vectors[0]?.click) await tab.click(CONTENT, '#go');
}

/** Each vector: fires without protection, and reaches nothing out of the shell's frame. */
export function isolationSuite(browser: Browser, { name, isLive, vectors: all }: HostileSite = SIGNED): void {
  describe(`${name} in ${browser}`, { timeout: 300_000 }, () => {
    const tracker = new Tracker();
    let app: FixtureApp;
    let driver: Driver;
    let host: Awaited<ReturnType<typeof startOpenHost>>;
    let lookups = '';

    before(async () => {
      const open = await corpusOf(browser, 'open', tracker, all);
      const boxed = await corpusOf(browser, 'boxed', tracker, all);
      host = await startOpenHost(open.files);
      app = await startFixtureApp([{ title: 'Hostile', seed: 66, isLive, files: boxed.files }]);
      driver = await startBrowser(browser);
      await eachInItsTab(driver, open.pages, (tab, page, vectors) => showOpen(tab, host.url + page, vectors), haveFired(tracker));
      await join(driver, app);
      await eachInItsTab(
        driver,
        boxed.pages,
        (tab, page, vectors) => showBoxed(tab, app, page, vectors),
        (_, shownForMs) => shownForMs > LATE_MS,
      );
      lookups = await driver.close();
    });
    after(async () => {
      await driver?.close();
      host?.close();
      await app?.close();
      await tracker.close();
    });

    for (const [index, vector] of all.entries()) {
      if (vector.only !== undefined && vector.only !== browser) continue;
      it(`is held: ${vector.name}`, () => {
        if (vector.lookup) {
          assert.ok(lookups.includes(lookupHost('open', index)), 'the control was not looked up: this proves nothing');
          assert.ok(!lookups.includes(lookupHost('boxed', index)), 'the name was looked up');
          return;
        }
        assert.ok(tracker.reached(`open ${vector.name}`), 'the control did not fire: this proves nothing');
        assert.deepEqual(tracker.hits.get(`boxed ${vector.name}`), { connections: 0, requests: [] });
      });
    }
  });
}
