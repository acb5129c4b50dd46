import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { listenWs, type WsListener } from '../../node/ws-listener.ts';
import { nodeWebRtc } from '../../node/webrtc-node.ts';
import { fromHex, hex } from '../../src/core/bytes/bytes.ts';
import { nobleCrypto } from '../../src/core/crypto/noble.ts';
import type { Transport } from '../../src/core/ports.ts';
import { CONNECT_TRIES } from '../../src/core/signal/constants.ts';
import { needBrowser } from '../../tools/browser.ts';
import { echoOn, sendAndCheck } from '../support/link-echo.ts';
import { linkCases, TestEnd, until } from '../support/link-suite.ts';
import { realEnv } from '../support/real-env.ts';
import type { LinkPage } from './pages/link-page.ts';
import { servePage } from './support/page-server.ts';

declare const linkPage: LinkPage;

const FRAMES = 1000;
const step = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

let browser: Browser;
let server: Awaited<ReturnType<typeof servePage>>;
const rtc = nodeWebRtc(nobleCrypto);

before(async () => {
  server = await servePage('link-page.ts');
  browser = await chromium.launch({ executablePath: needBrowser('chromium'), args: ['--no-sandbox'] });
});
after(async () => {
  await browser?.close();
  server?.close();
  rtc.destroyAll();
});

async function newTab(): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(server.url);
  await page.waitForFunction('globalThis.linkPage');
  return page;
}

describe('link over WebRTC in a Chromium page', () => {
  let page: Page;
  before(async () => {
    page = await newTab();
  });
  after(() => page.close());
  for (const { name } of linkCases)
    it(name, async () => assert.equal(await page.evaluate((wanted) => linkPage.run(wanted), name), 'passed'));
});

describe("link in a worker over its page's WebRTC", () => {
  let page: Page;
  before(async () => {
    page = await newTab();
  });
  after(() => page.close());
  for (const { name } of linkCases)
    it(name, async () => assert.equal(await page.evaluate((wanted) => linkPage.runInWorker(wanted), name), 'passed'));
});

describe('links between tabs and Node', () => {
  let node: TestEnd;
  let listener: WsListener;
  before(async () => {
    listener = await listenWs({ host: '127.0.0.1', port: 0, onTransport: (transport) => node.links.adopt(transport) });
  });
  after(() => listener.close());

  it('two tabs exchange frames over WebRTC, whole and in order', async () => {
    const [a, b] = await Promise.all([newTab(), newTab()]);
    const offer = await a.evaluate(() => linkPage.offer());
    await b.evaluate(() => linkPage.echo());
    const answer = await b.evaluate((description) => linkPage.answer(description), offer);
    const peer = await b.evaluate(() => linkPage.peer);
    await a.evaluate(([description, expected]) => linkPage.accept(description, expected), [answer, peer] as const);
    const rate = await a.evaluate((frames) => linkPage.sendAndCheck(frames), FRAMES);
    console.log(`tab to tab and back: ${rate.toFixed(1)} MB/s`);
    await Promise.all([a.close(), b.close()]);
  });

  it('a tab that offers and a Node peer that answers', async () => {
    node = new TestEnd(realEnv);
    echoOn(node);
    const tab = await newTab();
    const answer = await rtc.answer(fromHex(await tab.evaluate(() => linkPage.offer())));
    void answer.transport.then((transport) => node.links.adopt(transport));
    await tab.evaluate(([description, expected]) => linkPage.accept(description, expected), [hex(answer.description), node.peer] as const);
    const rate = await tab.evaluate((frames) => linkPage.sendAndCheck(frames), FRAMES);
    console.log(`tab to Node and back, WebRTC: ${rate.toFixed(1)} MB/s`);
    await tab.close();
  });

  it('a Node peer that offers and a tab that answers', async () => {
    node = new TestEnd(realEnv);
    const tab = await newTab();
    await tab.evaluate(() => linkPage.echo());
    const connect = async (triesLeft = CONNECT_TRIES - 1): Promise<Transport> => {
      const offer = await rtc.offer();
      const answer = await tab.evaluate((description) => linkPage.answer(description), hex(offer.description));
      return offer.accept(fromHex(answer)).catch((error) => {
        if (triesLeft === 0) throw error;
        return connect(triesLeft - 1);
      });
    };
    node.links.adopt(await connect());
    const rate = await sendAndCheck({ step }, node, FRAMES);
    console.log(`Node to tab and back, WebRTC: ${rate.toFixed(1)} MB/s`);
    await tab.close();
  });

  it('a tab that goes tells its peers', async () => {
    node = new TestEnd(realEnv);
    const tab = await newTab();
    const answer = await rtc.answer(fromHex(await tab.evaluate(() => linkPage.offer())));
    void answer.transport.then((transport) => node.links.adopt(transport));
    await tab.evaluate(([description, expected]) => linkPage.accept(description, expected), [hex(answer.description), node.peer] as const);
    await until({ step }, () => node.opened.length > 0, 'the link opens');
    await tab.goto('about:blank');
    await until({ step }, () => node.closes.length > 0, 'the link closes');
    await tab.close();
  });

  it('a tab that dials a Node peer by WebSocket', async () => {
    node = new TestEnd(realEnv);
    echoOn(node);
    const tab = await newTab();
    await tab.evaluate(([url, expected]) => linkPage.dial(url, expected), [listener.url, node.peer] as const);
    const rate = await tab.evaluate((frames) => linkPage.sendAndCheck(frames), FRAMES);
    console.log(`tab to Node and back, WebSocket: ${rate.toFixed(1)} MB/s`);
    await tab.close();
  });
});
