import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import { waitFor } from './support/drivers.ts';
import { type FixtureApp, startFixtureApp } from './support/fixture-app.ts';
import { content, faults, joined, newContext, open, withShell } from './support/shell.ts';
import { SITES } from './support/shell-sites.ts';

describe('the shell says what is going on', { timeout: 240_000 }, () => {
  let app: FixtureApp;
  let context: BrowserContext;
  let page: Page;
  withShell((opened) => {
    ({ app, context, page } = opened);
  });

  it('says what is wrong with an address, in the bar and as a page', async () => {
    await page.getByLabel('Address or link of a site').fill('hello');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('does not end in .gnet').waitFor();
    await open(page, 'abc.gnet');
    await page.getByRole('heading', { name: 'This is not an address' }).waitFor();
  });

  for (const [what, set, words] of [
    ['a page was changed on the way', '{ tamperedPath: "index.html" }', 'A part of a file'],
    ['a page was cut short', '{ truncatedPath: "index.html" }', 'A part of a file'],
    ['the list of files is signed by another key', '{ wrongAuthor: true }', 'The author’s key'],
    ['a part of a page was changed', '{ tamperedPath: "s.css" }', 'A part of a file'],
  ] as const) {
    it(`warns on the whole page, and names what differs, when ${what}`, async () => {
      await faults(page, set);
      await open(page, app.addresses[0]);
      await page.getByRole('heading', { name: 'This is not what its author signed' }).waitFor();
      await page.getByText(words).waitFor();
      assert.equal(await page.locator('gnet-site iframe').count(), 0);
    });
  }

  for (const [kind, title] of [
    ['unserved', 'Nobody serves this site now'],
    ['unknown', 'Nothing was found there'],
    ['clock', 'Your clock is wrong'],
    ['unreachable', 'The network cannot be reached'],
  ] as const) {
    it(`says in words what is wrong: ${kind}`, async () => {
      await faults(page, `{ failure: { kind: '${kind}', message: 'For this reason.' } }`);
      await open(page, app.addresses[0]);
      await page.getByRole('heading', { name: title }).waitFor();
      await faults(page, '{}');
      await page.getByRole('button', { name: 'Try again' }).click();
      await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    });
  }

  it('says when the peer’s thread has stopped, and when it goes on; starts it anew for who wishes, and by itself where it has not joined', async () => {
    const other = await context.newPage();
    await other.clock.install();
    await other.addInitScript(`globalThis.firstFaults = sessionStorage.getItem('gnet restarts') === null ? { isSilent: true } : {}`);
    await other.goto(app.url);
    await other.getByText('Starting.').waitFor();
    await other.clock.runFor(30_000);
    await other.getByText('Joined: 3 links').waitFor();

    await other.getByRole('button', { name: 'circuits and links' }).click();
    await other.getByText('this tab’s peer had stopped, and was started anew').waitFor();
    const notice = other.getByRole('alert').getByText('This tab’s peer has stopped');
    await faults(other, '{ isSilent: true }');
    await other.clock.runFor(30_000);
    await notice.waitFor();
    await faults(other, '{}');
    await notice.waitFor({ state: 'detached' });

    await faults(other, '{ isSilent: true }');
    await other.clock.runFor(30_000);
    await other.getByRole('button', { name: 'Start it anew' }).click();
    await notice.waitFor({ state: 'detached' });
    await other.getByText('Joined: 3 links').waitFor();
    await other.close();
  });

  it('shows circuits, links and what happened', async () => {
    await open(page, app.addresses[0]);
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    await page.evaluate(`fixture.status({ circuits: [{ name: 'c7', purpose: 'visit ${app.addresses[0]}', hops: ['aaaaaaaaaa', 'bbbbbbbbbb', 'cccccccccc', 'dddddddddd'], ageMs: 1000, sentBytes: 1000, receivedBytes: 2000, roundTripMs: 40 }] });
      fixture.event({ atMs: Date.now(), kind: 'circuit', text: 'Relay bbbb went away, took another path.' })`);
    const focused = (): Promise<unknown> => page.evaluate(`document.activeElement.shadowRoot.activeElement?.className`);
    await page.getByRole('button', { name: /circuits and links/ }).press('Enter');
    const panel = page.getByRole('complementary');
    await waitFor('the focus in the panel', () => page.evaluate(`document.activeElement.shadowRoot.activeElement?.id === 'panel'`));
    await page.keyboard.press('Escape');
    await panel.waitFor({ state: 'detached' });
    assert.equal(await focused(), 'quiet status');
    await page.keyboard.press('Enter');
    await panel.getByText('meeting point').waitFor();
    await panel.getByText('took another path').waitFor();
    assert.equal(await panel.getByRole('listitem').filter({ hasText: 'aaaaaaaa' }).count(), 1);
  });

  it('remembers that relaying was switched off', async () => {
    const relaying = page.getByRole('switch', { name: /Relay for others/ });
    await relaying.uncheck();
    await page.waitForTimeout(500); // until it is on disk
    await page.reload();
    await waitFor('the switch', async () => !(await relaying.isChecked()));
    await relaying.check();
  });

  it('opens, with its sites, while its host is down', async () => {
    const own = await startFixtureApp(SITES);
    const profile = await newContext();
    const first = await joined(profile, own);
    await open(first, own.addresses[0]);
    await content(first).getByRole('heading', { name: 'Gazette' }).waitFor();
    await waitFor('the app’s copy', () =>
      first.evaluate(`navigator.serviceWorker.getRegistration().then((it) => it?.active?.state === 'activated')`),
    );
    await first.evaluate(`navigator.locks.request('gnet-spare-labels', () => undefined)`); // held while spares are being registered
    await own.stopHost();
    const second = await profile.newPage();
    await second.goto(`${own.url}#/open/${own.addresses[0]}/two.html`);
    await content(second).getByRole('heading', { name: 'Two' }).waitFor();
    await second.goto(`${own.url}#/open/${own.addresses[1]}/`);
    await content(second).getByRole('heading', { name: 'Other' }).waitFor();
    await profile.close();
    await own.close();
  });

  it('says that it links without WebRTC where there is none', async () => {
    const profile = await newContext();
    await profile.addInitScript('delete globalThis.RTCPeerConnection');
    const first = await joined(profile, app);
    await first.getByText('no WebRTC').waitFor();
    await profile.close();
  });

  it('says what it needs where there are no service workers', async () => {
    const profile = await newContext();
    await profile.addInitScript(`Object.defineProperty(Navigator.prototype, 'serviceWorker', { value: undefined })`);
    const first = await profile.newPage();
    await first.goto(app.url);
    await first.getByRole('heading', { name: 'cannot run the app' }).waitFor();
    await profile.close();
  });

  it('opens what its user came for when it has joined, and says so before', async () => {
    const first = await (await newContext()).newPage();
    await first.goto(`${app.url}#/open/${app.addresses[0]}/`);
    await first.getByText('What you came for opens as soon as').waitFor();
    await first.getByRole('button', { name: 'Join', exact: true }).press('Enter');
    await content(first).getByRole('heading', { name: 'Gazette' }).waitFor();
    assert.equal(await first.evaluate(`document.activeElement.shadowRoot.activeElement?.id`), 'main');
    await first.context().close();
  });

  it('joins by itself when nobody objects, after having said what that shows', async () => {
    const profile = await newContext();
    const first = await profile.newPage();
    await first.clock.install();
    await first.goto(app.url);
    await first.getByText('Anyone can learn that this IP address relays here').waitFor();
    await first.clock.runFor(15_000);
    await first.getByText('Joined: 3 links').waitFor();
    await profile.close();
  });
});
