/** A first visit: the app's URL, joining, a hidden site, its pages, pictures and sound, and what the panel says about it. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { BrowserName } from '../../../tools/browser.ts';
import { type Network, startNetwork, writeSite } from './network.ts';
import { type Reader, shellText, startReader, untilHeading, untilShown } from './reader.ts';
import { until } from './until.ts';

/** In the order in which they may come. */
const STEPS = [
  /^Starting/,
  /^Calling \d+ known peers?; \d+ answered/,
  /^Linked to \d+ peers?\. Learning/,
  /^Building the first circuit out of \d+/,
  /^Joined: \d+ links, \d+ relays known/,
];

export function readingSuite(browser: BrowserName): void {
  describe(`a first visit in ${browser}`, { timeout: 280_000 }, () => {
    let network: Network;
    let reader: Reader;
    before(async () => {
      [network, reader] = await Promise.all([startNetwork(), startReader(browser)]);
    });
    after(async () => {
      await reader?.close();
      await network?.close();
    });

    it('says what joining shows before the first link, and joins with words of progress', async (t) => {
      await reader.goto(network.url);
      await untilShown(reader, /Anyone can learn that this IP address relays here, and when\. Nobody learns from it what you read\./);
      await reader.evaluate(`gnet.words = []; setInterval(() => {
        const words = gnet.all().find((element) => element.id === 'join')?.parentElement.querySelector('.state')?.textContent.trim();
        if (words && words !== gnet.words.at(-1)) gnet.words.push(words);
      }, 5)`);
      await reader.click('Join');
      await untilShown(reader, /Joined: \d+ links/);
      const words = await reader.evaluate<string[] | undefined>('gnet.words');
      // Firefox left the peer's worker standing: the app has noticed, and loaded the page anew.
      if (words === undefined) return t.diagnostic('the page was loaded anew while it joined');
      const steps = words.map((line) => STEPS.findIndex((step) => step.test(line)));
      assert.ok(!steps.includes(-1), `not among the steps: ${words.join(' | ')}`);
      assert.deepEqual(steps, [...steps].sort(), words.join(' | '));
      assert.ok(new Set(steps).size >= 3, `said too little on the way: ${words.join(' | ')}`);
    });

    it('has links of its own to relays of the network, three of them guards, and relays for others', async () => {
      const links = (): Promise<string[]> =>
        reader.evaluate(`gnet.all().filter((element) => element.matches('#links ~ table tbody tr'))
          .map((row) => row.querySelector('[title]').title + ' ' + row.textContent.replace(/\\s+/g, ' '))`);
      await reader.evaluate(`gnet.all().find((element) => element.matches('button.status')).click()`);
      await untilShown(reader, /Relaying \d+ circuits? of others, [\d.]+ K?B so far/);
      const rows = await until(
        'three guards',
        async () => {
          const found = await links();
          return found.filter((row) => row.includes(' guard')).length === 3 && found;
        },
        { now: links },
      );
      const peers = (await network.statuses()).filter(({ role }) => /^(relay|bootstrap)/.test(role)).map(({ peer }) => peer.peer);
      const unknown = rows.filter((row) => !peers.includes(row.split(' ')[0] as string));
      assert.deepEqual(unknown, []);
    });

    it('opens the demo site', async () => {
      await reader.click('Open the demo site');
      await untilHeading(reader, 'You are in.');
      assert.equal(reader.url(), `${network.url}#/open/${network.demo}/`);
      await until(
        'the style sheet',
        async () => (await reader.inSite(`getComputedStyle(document.querySelector('.bar')).display`)) === 'flex',
      );
    });

    it('shows in the panel which way the site came, how much, how fast', async () => {
      await untilShown(reader, /Version 1 of [^,]+, 21 files, 1\.1 MB\. Signed by this address; each part is checked before it is shown\./);
      await untilShown(reader, /index\.html: [\d.]+ KB of [\d.]+ KB.*, first byte after [\d.]+ (ms|s)/);
      const hops = (): Promise<string[]> =>
        reader.evaluate(`gnet.all().filter((element) => element.matches('#site ~ article.circuit .hops li:has([title])'))
          .map((hop) => hop.lastElementChild.textContent)`);
      await until('the circuit', async () => (await hops()).length > 0, { now: () => shellText(reader) });
      assert.deepEqual(await hops(), ['guard', 'relay', 'relay', 'meeting point']);
      await untilShown(reader, /meeting point .*[\d.]+ [KM]B in, [\d.]+ KB out, [\d.]+ [KM]?B\/s on average, .*[\d.]+ m?s old/);
      await untilShown(reader, /What happened .*connected by \w{6} → \w{6} → \w{6} → \w{6}/);
    });

    it('follows a link in the frame, and the browser’s back and forward', async () => {
      await reader.clickInSite('a[href="gallery/index.html"]');
      await untilHeading(reader, 'Four pictures, no camera');
      assert.equal(reader.url(), `${network.url}#/open/${network.demo}/gallery/index.html`);
      await reader.back();
      await untilHeading(reader, 'You are in.');
      assert.equal(reader.url(), `${network.url}#/open/${network.demo}/`);
      await reader.forward();
      await untilHeading(reader, 'Four pictures, no camera');
    });

    it('loads pictures', async () => {
      const state = (): Promise<string> =>
        reader.inSite(
          `[...document.querySelectorAll('.gallery img')].map((image) => (image.loading = 'eager', image.complete + ' ' + image.naturalWidth)).join()`,
        );
      await until('four pictures', async () => (await state()) === Array(4).fill('true 720').join(), { now: state });
    });

    it('seeks in a sound by asking for the part that is wanted', async () => {
      await reader.clickInSite('a[href="../listen/index.html"]');
      await untilHeading(reader, 'Night relay');
      const state = (): Promise<{ duration: number; at: number; ready: number; seeking: boolean }> =>
        reader.inSite(
          `(({ duration, currentTime: at, readyState: ready, seeking }) => ({ duration, at, ready, seeking }))(document.querySelector('audio'))`,
        );
      const { duration } = await until('the length of the sound', async () => ((await state()).duration > 0 ? state() : undefined), {
        now: state,
      });
      assert.equal(Math.round(duration), 29);
      for (const second of [27, 3, 20, 9, 28]) {
        await reader.inSite(`document.querySelector('audio').currentTime = ${second}`);
        await until(
          `the sound at its second ${second}`,
          async () => {
            const { at, ready, seeking } = await state();
            return at === second && ready >= 2 && !seeking;
          },
          { now: state },
        );
      }
    });

    it('opens a link that gnet seed has printed', async () => {
      const folder = writeSite(network.folder, 'mine', {
        'index.html': '<!doctype html><title>Mine</title><h1>Mine</h1><a href="two.html">two</a>',
        'two.html': '<h1>Two</h1>',
      });
      const { link, address } = await network.seed(folder);
      await reader.openAddress(link);
      await untilHeading(reader, 'Mine');
      assert.equal(reader.url(), link);
      await reader.clickInSite('a');
      await untilHeading(reader, 'Two');
      await reader.openAddress(` ${address.toUpperCase()} `);
      await untilHeading(reader, 'Mine');
    });

    it('lists what this browser has stored, and deletes it when told to', async () => {
      await reader.click('GlobalNet');
      await untilShown(
        reader,
        /Sites stored in this browser Mine [a-z2-7]{10}….gnet · all of it kept .*Welcome to GlobalNet [a-z2-7]{10}….gnet · .*kept/,
      );
      await reader.evaluate(`gnet.all().find((element) => element.getAttribute('aria-label') === 'Delete Mine from this browser').click()`);
      await until('Mine to go', async () => !/Mine/.test(await shellText(reader)), { now: () => shellText(reader) });
    });
  });
}
