/** Three relays in Chromium tabs, each in its worker and with the page's data channels: what onion layers cost there. Chains take turns. */
import { type Browser, chromium, type Page } from 'playwright-core';
import { listenWs } from '../node/ws-listener.ts';
import type { Link } from '../src/core/ports.ts';
import { CELL_BODY_BYTES } from '../src/core/wire/geometry.ts';
import { servePage } from '../tests/browser/support/page-server.ts';
import { needBrowser } from '../tools/browser.ts';
import { CHAIN_RELAYS } from './chain.ts';
import type { ChainMode, HopText } from './chain-hop.ts';
import { ChainSource, hopKeysOf } from './chain-source.ts';
import { type Bench, median } from './harness.ts';
import type { RelayTabPort } from './relay-tab-port.ts';

declare const relayTab: RelayTabPort;

const ROUNDS = 7;
const CELLS = 1024;
const MEGABYTES = (CELLS * CELL_BODY_BYTES) / 1e6;

interface TabChain {
  readonly source: ChainSource;
  stop(): void;
}

/** Links the last two first, so that each relay knows who comes next. The first tab dials the source. */
async function startTabs(browser: Browser, url: string, mode: ChainMode): Promise<TabChain> {
  const tabs: Page[] = [];
  const keys: HopText[] = [];
  for (let i = 0; i < CHAIN_RELAYS; i++) {
    const tab = await browser.newPage();
    await tab.goto(url);
    await tab.waitForFunction('globalThis.relayTab');
    keys.push(await tab.evaluate((wanted) => relayTab.start(wanted), mode));
    tabs.push(tab);
  }
  for (let i = CHAIN_RELAYS - 1; i > 0; i--) {
    const [from, to] = [tabs[i - 1] as Page, tabs[i] as Page];
    const offer = await from.evaluate(() => relayTab.offer());
    const answer = await to.evaluate((description) => relayTab.answer(description), offer);
    await from.evaluate(([description, peer]) => relayTab.accept(description, peer), [answer, keys[i]?.peer as string] as const);
  }
  let linked: (link: Link) => void = () => undefined;
  const first = new Promise<Link>((resolve) => (linked = resolve));
  const source = new ChainSource(mode, linked);
  const listener = await listenWs({ host: '127.0.0.1', port: 0, onTransport: (transport) => source.links.adopt(transport) });
  await (tabs[0] as Page).evaluate((at) => relayTab.dial(at), listener.url);
  await source.begin(await first, keys.map(hopKeysOf));
  return { source, stop: () => listener.close() };
}

async function seconds({ source }: TabChain): Promise<number> {
  const startMs = performance.now();
  await source.send(CELLS);
  return (performance.now() - startMs) / 1000;
}

const bench: Bench = async (report) => {
  const server = await servePage(new URL('./pages/relay-tab.ts', import.meta.url));
  const browser = await chromium.launch({ executablePath: needBrowser('chromium'), args: ['--no-sandbox'] });
  try {
    const [onion, plain] = [await startTabs(browser, server.url, 'onion'), await startTabs(browser, server.url, 'plain')];
    const [onions, plains]: [number[], number[]] = [[], []];
    for (let i = 0; i <= ROUNDS; i++) {
      const [first, second] = [await seconds(onion), await seconds(plain)];
      if (i === 0) continue; // the code is not compiled yet
      onions.push(first);
      plains.push(second);
    }
    for (const chain of [onion, plain]) chain.stop();
    const ratio = median(onions.map((one, i) => (plains[i] as number) / one));
    const versus = 'the same chain and link encryption, no onion layer';
    report('', { value: MEGABYTES / median(onions), unit: 'MB/s', versus, ratio });
    report('no onion layer', { value: MEGABYTES / median(plains), unit: 'MB/s' });
  } finally {
    await browser.close();
    server.close();
  }
};

export default bench;
