import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Driver, startBrowser, type Tab, waitFor } from './support/drivers.ts';
import { type FixtureApp, startFixtureApp } from './support/fixture-app.ts';

const TOP = /^http:\/\/gnet\.localhost:\d+\//;
const FRAME = /^http:\/\/[a-z2-7]{16}\.gnet\.localhost:\d+\/(?!_gnet)/;

const FILES = [
  { path: 'index.html', mediaType: 'text/html', content: '<!doctype html><h1>First</h1><a id="two" href="two.html">two</a>' },
  { path: 'two.html', mediaType: 'text/html', content: '<!doctype html><h1>Second</h1><a id="out" href="https://example.org/">out</a>' },
  { path: 'paper.pdf', mediaType: 'application/pdf', content: '%PDF-1.4 paper' },
];

describe('the shell in Firefox', { timeout: 120_000 }, () => {
  let app: FixtureApp;
  let driver: Driver;
  let tab: Tab;
  before(async () => {
    app = await startFixtureApp([{ title: 'Gazette', seed: 1, files: FILES }]);
    driver = await startBrowser('firefox');
    tab = await driver.newTab();
    await tab.goto(app.url);
    await tab.click(TOP, 'button.primary');
  });
  after(async () => {
    await driver?.close();
    await app?.close();
  });
  const shown = (path: string) => waitFor(`${path} in the frame`, () => tab.frames().some((url) => FRAME.test(url) && url.endsWith(path)));

  it('shows a site, follows its links, and goes back and forward', async () => {
    await tab.evaluate(`location.hash = '#/open/${app.addresses[0]}/'`);
    await shown('/');
    await tab.click(FRAME, '#two');
    await shown('/two.html');
    assert.ok(tab.url().endsWith('/two.html'), tab.url());
    await tab.evaluate('history.back()');
    await shown('/');
    await tab.evaluate('history.forward()');
    await shown('/two.html');
  });

  it('asks before a link leaves the network', async () => {
    await tab.click(FRAME, '#out');
    assert.equal(await tab.text(TOP, '#message-title'), 'This link leaves the network');
  });

  it('saves a file when it is told to', async () => {
    const files = (): string[] => (existsSync(driver.downloads) ? readdirSync(driver.downloads) : []);
    await tab.evaluate(`location.hash = '#/open/${app.addresses[0]}/paper.pdf'`);
    await waitFor('the file page', async () => (await tab.text(TOP, '#message-title')) === 'A file, and not a page');
    assert.deepEqual(files(), []);
    await tab.click(TOP, 'button.primary');
    await waitFor('the file', () => files().includes('paper.pdf') && statSync(join(driver.downloads, 'paper.pdf')).size === 14);
    assert.equal(await tab.text(TOP, '#message-title'), 'The file is with your downloads');
  });

  it('opens with its host down', async () => {
    await waitFor('the app’s copy', () =>
      tab.evaluate(`navigator.serviceWorker.getRegistration().then((it) => it?.active?.state === 'activated')`),
    );
    await app.stopHost();
    await tab.goto('about:blank');
    await tab.goto(`${app.url}#/open/${app.addresses[0]}/two.html`);
    await shown('/two.html');
  });
});
