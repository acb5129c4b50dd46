/** What goes wrong, and what the user is told. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Browser } from 'playwright-core';
import { askControl, type ProcessStatus } from '../../node/control/index.ts';
import { nobleCrypto } from '../../src/core/crypto/noble.ts';
import type { CircuitStatus } from '../../src/shared/peer-api.ts';
import { encodeAddress } from '../../src/core/wire/address.ts';
import { buildPeer } from './support/build-peer.ts';
import { hopsOf, joinedTab, newProfile, openAddress, panelText, site, startChromium } from './support/chromium.ts';
import { Gnet, gnet } from './support/gnet.ts';
import { type Network, noisePicture, type Seeder, startNetwork, writeSite } from './support/network.ts';
import { shellText, startReader, untilHeading, untilShown } from './support/reader.ts';
import { until } from './support/until.ts';

const UNKNOWN = encodeAddress(nobleCrypto.ed25519Public(new Uint8Array(32).fill(9)));
const LARGE_BYTES = 40_000_000;

describe('what goes wrong', { timeout: 280_000 }, () => {
  let network: Network;
  let browser: Browser;
  let large: Seeder;
  let processes: ProcessStatus[];
  before(async () => {
    [network, browser] = await Promise.all([startNetwork(), startChromium()]);
    const picture = noisePicture('picture', LARGE_BYTES);
    const page = '<title>Large</title><h1>Large</h1><img src="picture.bmp" alt="noise">';
    large = await network.seed(writeSite(network.folder, 'large', { 'index.html': page, 'picture.bmp': picture }));
    processes = await network.statuses();
  });
  after(async () => {
    await browser?.close();
    await network?.close();
  });

  function kill(hop: string | undefined): void {
    const found = processes.find(({ peer }) => peer.peer === hop);
    assert.ok(found, `no process is hop ${hop}`);
    process.kill(found.pid, 'SIGKILL');
  }

  it('says that a seeder served other bytes than the author signed, and shows nothing of them', async () => {
    const folder = writeSite(network.folder, 'changed', {
      'index.html': '<title>Changed</title><h1>Changed</h1><a href="two.html">two</a>',
      'two.html': '<h1>Two</h1>',
    });
    const seeder = new Gnet([folder, 'two.html', network.dataFolder], { program: await buildPeer('tampering-seeder') });
    const address = String((await seeder.line('address'))['address']);
    const tab = await joinedTab(await newProfile(browser), network.url);
    await openAddress(tab, `${address}/two.html`);
    await tab.getByRole('heading', { name: 'This is not what its author signed' }).waitFor();
    const details = (await tab.locator('gnet-site dl > *').allTextContents()).join(' ');
    assert.match(
      details.replace(/\s+/g, ' '),
      /What differs A part of a file File two\.html, part 1 Signed [a-z2-7]{52} Came [a-z2-7]{52}/,
    );
    assert.equal(await tab.locator('gnet-site iframe').count(), 0);
    const opened = await gnet(['open', address, '--data', network.dataFolder, '--out', join(network.folder, 'changed-out')]);
    assert.equal(opened.exitCode, 4);
    assert.match(opened.stderr, /two\.html/);
    await seeder.stop('SIGKILL');
    await tab.context().close();
  });

  it('says what is wrong with an address: in the bar, and as a page', async () => {
    const tab = await joinedTab(await newProfile(browser), network.url);
    await openAddress(tab, 'hello');
    await tab.getByRole('alert').getByText('it does not end in .gnet').waitFor();
    await tab.goto(`${network.url}#/open/abc.gnet/`);
    await tab.getByRole('heading', { name: 'This is not an address' }).waitFor();
    await openAddress(tab, UNKNOWN);
    await tab.getByRole('heading', { name: 'Nothing was found there' }).waitFor();
    await tab.getByText('it was never published, or not for a day').waitFor();
    await tab.context().close();
  });

  it('says that no bootstrap answers', async () => {
    const profile = await newProfile(browser);
    await profile.route('**/network.json', (route) => route.fulfill({ json: { bootstraps: [{ url: 'ws://127.0.0.1:9' }] } }));
    const tab = await profile.newPage();
    await tab.goto(network.url);
    await tab.getByRole('button', { name: 'Join', exact: true }).click();
    await tab.getByText(/^Not joined\. No bootstrap answers \(ws:\/\/127\.0\.0\.1:9\).* Next attempt in \d+ s\.$/).waitFor();
    await openAddress(tab, large.address);
    await tab.getByRole('heading', { name: 'The network cannot be reached' }).waitFor();
    await profile.close();
  });

  it('says that the clock is a day off', async () => {
    const profile = await newProfile(browser);
    const tab = await profile.newPage();
    await tab.goto(network.url);
    const worker = await until('the peer’s worker', () => tab.workers().find((one) => one.url().includes('peer.worker')));
    await worker.evaluate('{ const wall = Date.now; Date.now = () => wall() + 86_400_000; }');
    await tab.getByRole('button', { name: 'Join', exact: true }).click();
    await tab.getByText(/^Not joined\. This machine's clock is about 24 hours fast, as 2 peers say: set it right\./).waitFor();
    await openAddress(tab, large.address);
    await tab.getByRole('heading', { name: 'Your clock is wrong' }).waitFor();
    await profile.close();
  });

  it('shows a site that the browser has no room for, and says that nothing more is kept', async () => {
    const reader = await startReader('firefox', { 'dom.quotaManager.temporaryStorage.fixedLimit': 4000 }); // KB, the app's files included
    await reader.goto(network.url);
    await reader.click('Join');
    await untilShown(reader, /Joined: \d+ links/);
    await reader.openAddress(large.address);
    await untilHeading(reader, 'Large');
    await reader.evaluate(`gnet.all().find((element) => element.matches('button.status')).click()`);
    await untilShown(reader, /no room left in the store: pages are shown and not kept/);
    await until(
      'all of the picture',
      () => reader.inSite<boolean>(`document.querySelector('img').complete && document.querySelector('img').naturalWidth === 1000`),
      {
        now: () => shellText(reader),
      },
    );
    await reader.close();
  });

  it('says what it needs in a browser without service workers', async () => {
    const profile = await newProfile(browser);
    await profile.addInitScript(`Object.defineProperty(Navigator.prototype, 'serviceWorker', { value: undefined })`);
    const tab = await profile.newPage();
    await tab.goto(network.url);
    await tab.getByRole('heading', { name: 'This browser window cannot run the app' }).waitFor();
    await tab.getByText('The app needs service workers').waitFor();
    await profile.close();
  });

  it('works in a browser without WebRTC, and says so', async () => {
    const profile = await newProfile(browser);
    await profile.addInitScript('delete globalThis.RTCPeerConnection');
    const tab = await joinedTab(profile, network.url);
    await tab.getByText('This browser has no WebRTC, or it is switched off. It works without').waitFor();
    await tab.getByRole('button', { name: 'Open the demo site' }).click();
    await site(tab).getByRole('heading', { name: 'You are in.' }).waitFor();
    assert.doesNotMatch(await panelText(tab), /WebRTC/);
    await profile.close();
  });

  it('gnet open completes when a relay of its path is killed in the middle', async () => {
    const out = join(network.folder, 'fetched');
    const opening = new Gnet(['open', large.address, '--data', network.dataFolder, '--out', out]);
    const way = async (): Promise<CircuitStatus | undefined> => {
      const path = join(network.dataFolder, 'run', `${opening.pid}.sock`);
      const answer = await askControl(path, { command: 'circuits' }).catch(() => undefined); // it has not begun yet
      return answer?.circuits.find(({ purpose }) => purpose === 'visit');
    };
    const { hops } = await until('the first megabytes', async () => {
      const circuit = await way();
      return circuit !== undefined && circuit.receivedBytes > 2_000_000 && circuit;
    });
    assert.equal(hops.length, 4);
    kill(hops[1]);
    assert.equal(opening.exitCode, undefined, 'it was fetched before the relay was killed');
    assert.equal(await opening.ended(), 0, opening.stderr);
    assert.match(opening.stderr, /a relay on the path went away; looking for another path/);
    assert.ok(readFileSync(join(out, 'picture.bmp')).equals(readFileSync(join(network.folder, 'large', 'picture.bmp'))));
  });

  it('a page completes when the relay where the paths meet is killed, and the panel says what happened', async () => {
    const tab = await joinedTab(await newProfile(browser), network.url);
    await openAddress(tab, large.link);
    const loaded = async (): Promise<number> => Number(/picture\.bmp: ([\d.]+) MB of/.exec(await panelText(tab))?.[1] ?? 0);
    await until('the first megabytes', async () => (await loaded()) > 2, { now: () => panelText(tab) });
    // On a busy machine all of it may come while the panel is read: the seeder stands still meanwhile.
    process.kill(large.process.pid, 'SIGSTOP');
    const [, , , point] = await hopsOf(tab);
    kill(point);
    process.kill(large.process.pid, 'SIGCONT');
    assert.ok((await loaded()) < LARGE_BYTES / 1e6, 'it was loaded before the relay was killed');
    await until('another path', async () => /a relay on the path went away; looking for another path/.test(await panelText(tab)), {
      now: () => panelText(tab),
    });
    await until(
      'all of the picture',
      () =>
        site(tab)
          .locator('img')
          .evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth === 1000),
      { now: () => panelText(tab) },
    );
    assert.match(await panelText(tab), /took another path by/);
    assert.notEqual((await hopsOf(tab))[3], point);
    await tab.context().close();
  });
});
