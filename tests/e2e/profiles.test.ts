/** Several people, and several tabs of one of them. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import {
  anotherTab,
  guardsOf,
  hopsOf,
  joinedTab,
  newProfile,
  openAddress,
  panelText,
  relayedBy,
  site,
  startChromium,
  untilJoined,
} from './support/chromium.ts';
import { gnet } from './support/gnet.ts';
import { type Network, noisePicture, startNetwork, writeSite } from './support/network.ts';
import { until } from './support/until.ts';

describe('profiles and tabs', { timeout: 280_000 }, () => {
  let network: Network;
  let browser: Browser;
  let profiles: BrowserContext[];
  let tabs: Page[];
  before(async () => {
    [network, browser] = await Promise.all([startNetwork(), startChromium()]);
    profiles = await Promise.all(Array.from({ length: 2 }, () => newProfile(browser)));
    tabs = await Promise.all(profiles.map((profile) => joinedTab(profile, network.url)));
  });
  after(async () => {
    await browser?.close();
    await network?.close();
  });

  /** Peers linked to relays that are no process here: tabs. */
  async function tabsSeen(): Promise<Set<string>> {
    const statuses = await network.statuses();
    const processes = new Set(statuses.map(({ peer }) => peer.peer));
    const linked = statuses
      .filter(({ role }) => /^(relay|bootstrap)/.test(role))
      .flatMap(({ peer }) => peer.links.map((link) => link.peer));
    return new Set(linked.filter((peer) => !processes.has(peer)));
  }

  it('each profile is a peer of its own, and relays', async () => {
    await until('two tabs among the links of relays', async () => (await tabsSeen()).size === 2, {
      now: async () => [...(await tabsSeen())],
    });
    for (const tab of tabs) await until('relaying', () => relayedBy(tab), { now: () => panelText(tab) });
  });

  it('circuits run through tabs: what another reads passes through one of them', async () => {
    const picture = noisePicture('picture', 2_000_000);
    const page = '<title>Large</title><h1>Large</h1><img src="picture.bmp" alt="noise">';
    const { address } = await network.seed(writeSite(network.folder, 'large', { 'index.html': page, 'picture.bmp': picture }));
    const others = await tabsSeen();
    const reader = await joinedTab(await newProfile(browser), network.url);
    const relaysKnown = 10 + others.size;
    await until('the tabs among the relays that the reader knows', async () => {
      const known = Number(/, (\d+) relays known/.exec((await reader.getByTitle(/^Joined: /).getAttribute('title')) ?? '')?.[1]);
      if (known >= relaysKnown) return true;
      await reader.reload(); // a peer that joins asks who is there
      await untilJoined(reader);
      return false;
    });
    const relayedBytes = async (): Promise<number> => Math.max(...(await Promise.all(tabs.map(relayedBy))).map((one) => one?.bytes ?? 0));
    const before = await relayedBytes();
    // Hops are drawn at random: the site is closed and read again until a tab is among them.
    for (let readings = 1; ; readings++) {
      assert.ok(readings <= 40, 'in forty readings no tab was a hop');
      await openAddress(reader, address);
      await site(reader).getByRole('heading', { name: 'Large' }).waitFor();
      await until('all of the site', async () => /picture\.bmp: 2\.0 MB of 2\.0 MB/.test(await panelText(reader)), {
        now: () => panelText(reader),
      });
      const hops = await hopsOf(reader);
      if (hops.some((hop) => others.has(hop))) {
        assert.ok(!others.has(hops[0] as string), 'a first hop is never a tab');
        break;
      }
      await reader.getByRole('link', { name: 'GlobalNet' }).click();
      await reader.getByRole('button', { name: 'Delete Large from this browser' }).click();
      await reader.getByRole('button', { name: 'Delete Large from this browser' }).waitFor({ state: 'detached' });
    }
    await until('the picture among what a tab has relayed', async () => (await relayedBytes()) >= before + picture.length, {
      now: relayedBytes,
    });
    await reader.close();
  });

  it('a second tab of a profile shares guards and store, and does not relay beside the first', async () => {
    const [profile, first] = [profiles[1] as BrowserContext, tabs[1] as Page];
    await openAddress(first, network.demo);
    await site(first).getByRole('heading', { name: 'You are in.' }).waitFor();
    const second = await anotherTab(profile, network.url);
    await second.getByText('Another tab of this browser relays at present.').waitFor();
    await until('guards', async () => (await guardsOf(first)).length === 3 && (await guardsOf(second)).length === 3, {
      now: () => panelText(second),
    });
    assert.deepEqual(await guardsOf(second), await guardsOf(first));
    assert.match(await panelText(second), /Not relaying for others/);
    await second.getByRole('link', { name: 'Welcome to GlobalNet' }).click();
    await site(second).getByRole('heading', { name: 'You are in.' }).waitFor();

    await first.close();
    await until('the second to relay', () => relayedBy(second), { now: () => panelText(second) });
    await site(second).getByRole('link', { name: 'Gallery', exact: true }).click();
    await site(second).getByRole('heading', { name: 'Four pictures, no camera' }).waitFor();
    const third = await anotherTab(profile, `${network.url}#/open/${network.demo}/how-it-works.html`);
    await site(third).getByRole('heading').first().waitFor();
    assert.match(await panelText(third), /Not relaying for others/);

    for (const thread of second.workers())
      void thread.evaluate('for (const end = Date.now() + 60_000; Date.now() < end; );').catch(() => {});
    await until('the third to relay in place of one that answers nothing', () => relayedBy(third), { now: () => panelText(third) });
    await Promise.all([second.close(), third.close()]);
  });

  it('a tab told not to relay leaves the relays, and is believed again later', async () => {
    const tab = await joinedTab(await newProfile(browser), network.url);
    await until('relaying', () => relayedBy(tab), { now: () => panelText(tab) });
    await tab.getByRole('switch', { name: /Relay for others/ }).uncheck();
    await until('no relaying', async () => /Not relaying for others/.test(await panelText(tab)), { now: () => panelText(tab) });
    await tab.getByRole('switch', { name: /Relay for others/ }).check();
    await until('relaying again', () => relayedBy(tab), { now: () => panelText(tab) });
  });

  it('gnet reads beside them, and all its circuits end with it', async () => {
    const opened = await gnet(['open', network.demo, '--out', `${network.folder}/demo`, '--data', network.dataFolder]);
    assert.equal(opened.exitCode, 0, opened.stderr);
    const roles = (await network.statuses()).map(({ role }) => role);
    assert.ok(!roles.includes('open'));
  });
});
