import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { linkCases } from '../support/link-suite.ts';
import { type Driver, startBrowser, type Tab, waitFor } from './support/drivers.ts';
import { servePage } from './support/page-server.ts';

describe('link over WebRTC in a Firefox page', () => {
  let server: Awaited<ReturnType<typeof servePage>>;
  let driver: Driver;
  let tab: Tab;

  before(async () => {
    server = await servePage('link-page.ts');
    driver = await startBrowser('firefox');
    tab = await driver.newTab();
    await tab.goto(server.url);
    await waitFor('the page', async () => (await tab.evaluate<boolean>('"linkPage" in globalThis')) || undefined);
  });
  after(async () => {
    await driver?.close();
    server?.close();
  });

  for (const { name } of linkCases)
    it(name, async () => assert.equal(await tab.evaluate(`linkPage.run(${JSON.stringify(name)})`), 'passed'));
});
