/** What a user sees of an exposed web server in a tab: forms, redirects, media, a large picture, and what goes wrong. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { anotherTab, joinedTab, newProfile, openAddress, panelText, site, startChromium } from './chromium.ts';
import { type Gnet, gnet, type Line } from './gnet.ts';
import { LARGE, LiveServer } from './live-server.ts';
import type { Network } from './network.ts';
import { until } from './until.ts';

export function liveSuite(network: () => Network, start: (...args: string[]) => Gnet): void {
  describe('in a tab', () => {
    const server = new LiveServer();
    let browser: Browser;
    let profile: BrowserContext;
    let tab: Page;
    let address: string;
    /** What an issuer says of it. */
    let signed: Line | undefined;
    const shown = (): Promise<string> => tab.locator('gnet-site').evaluate((element) => element.shadowRoot?.textContent ?? '');
    /** In the shell, outside of the frame. */
    const says = (words: RegExp): Promise<unknown> =>
      until(String(words), async () => words.test(await shown()), { now: async () => [await shown(), await panelText(tab)] });
    const heading = (name: string): Promise<void> => site(tab).getByRole('heading', { name }).waitFor();
    const hash = (): string => new URL(tab.url()).hash;
    const told = async (...args: string[]): Promise<Line | undefined> =>
      (await gnet([...args, '--json', '--data', network().dataFolder])).lines[0];
    const open = (path: string): Promise<void> => openAddress(tab, `http://${address}${path}`);

    before(async () => {
      await server.start();
      address = String((await told('expose', String(server.port), '--invites'))?.['address']);
      signed = await told('certify', address, '--says', 'The guest book of the house');
      const file = join(network().folder, 'guest-book');
      writeFileSync(file, String(signed?.['certificate']));
      const exposed = start('expose', String(server.port), '--certificate', file);
      browser = await startChromium();
      profile = await newProfile(browser);
      tab = await joinedTab(profile, network().url);
      assert.equal((await exposed.line('address'))['address'], address);
    });
    after(async () => {
      await browser?.close();
      await server.die();
    });

    it('opens by its address, and says that nobody has signed what it shows', async () => {
      await openAddress(tab, address);
      await heading('Guest book');
      await says(/Live from the service itself: signed by nobody, and not kept\./);
      assert.match(await panelText(tab), /A live service: it makes each page as you ask for it.* no author signed the pages/);
      assert.equal(hash(), `#/open/${address}/`);
      const color = await site(tab)
        .locator('h1')
        .evaluate((h1) => getComputedStyle(h1).color);
      assert.equal(color, 'rgb(1, 2, 3)', 'a style sheet that does not say what it is');
      const [first] = server.asked;
      assert.deepEqual(first?.rawHeaders.filter((_, i) => i % 2 === 0).join(), 'Host,User-Agent,Accept,Accept-Encoding,Connection');
      assert.equal(first?.headers['user-agent'], 'GlobalNet');
    });

    it('says that somebody vouches for it whom the reader does not know, by his key alone; and what he says once it is trusted', async () => {
      const carries = (words: RegExp): Promise<unknown> => until(String(words), async () => words.test(await panelText(tab)));
      await carries(new RegExp(`a key that you do not trust:\\s+${String(signed?.['issuer'])}`));
      assert.doesNotMatch(await panelText(tab), /of the house/);
      const other = await anotherTab(profile, network().url);
      await other.getByText('Keys that you trust').click();
      await other.getByLabel('Key', { exact: true }).fill(String(signed?.['issuer']));
      await other.getByLabel('What you call it').fill('Housekeeper');
      await other.keyboard.press('Enter');
      await carries(/Housekeeper \(a key that you trust\) says, until \d{4}-\d\d-\d\d:\s+The guest book of the house/);
      await other.close();
    });

    it('sends a form, follows where that leads, and keeps no cookie of it', async () => {
      await site(tab).locator('input').first().fill('Grüße & <b>all</b>');
      await site(tab).locator('#say').click();
      await site(tab).getByRole('listitem').filter({ hasText: 'Grüße & <b>all</b>' }).waitFor();
      assert.deepEqual(server.said, ['Grüße & <b>all</b>']);
      assert.equal(hash(), `#/open/${address}/`);
      const posted = server.asked.find(({ method }) => method === 'POST');
      assert.equal(posted?.headers.origin, `http://${address}`);
      assert.ok(server.asked.every(({ headers }) => headers.cookie === undefined && headers.referer === undefined));
      assert.deepEqual(await profile.cookies(), []);
    });

    it('shows what a form is answered with, once; a reload asks without the form', async () => {
      await site(tab).locator('#count').click();
      await heading('3 letters');
      assert.equal(hash(), `#/open/${address}/count`);
      await tab.reload();
      await heading('Lost here');
      await tab.goBack();
      await heading('Guest book');
      assert.equal(server.asked.filter(({ method }) => method === 'POST').length, 2);
    });

    it('follows a redirect of the site and a link by its full name, and stays where it leads out or round', async () => {
      await open('/old');
      await heading('New place');
      assert.equal(hash(), `#/open/${address}/new?x=1`);
      await open('/');
      await site(tab).locator('#new').click();
      await heading('New place');
      await open('/circle');
      await heading('This page leads elsewhere');
      await open('/away');
      await site(tab).getByRole('link', { name: 'https://example.org/there' }).click();
      await tab.getByRole('heading', { name: 'This link leaves the network' }).waitFor();
    });

    it('is another site at another port, whose links lead there and back', async () => {
      const other = `${address}:${server.port}`;
      const origin = (): Promise<string> =>
        site(tab)
          .locator('html')
          .evaluate(() => location.origin);
      await open('/');
      await heading('Guest book');
      const usual = await origin();
      await openAddress(tab, `http://${other}/old`);
      await heading('New place');
      assert.equal(hash(), `#/open/${other}/new?x=1`);
      assert.notEqual(await origin(), usual);
      assert.equal(server.asked.at(-1)?.headers.host, other);
      await openAddress(tab, `http://${other}/to-80`);
      await site(tab).getByRole('link').click();
      await heading('New place');
      assert.equal(hash(), `#/open/${address}/new`);
      assert.equal(await origin(), usual);
      await openAddress(tab, `${address}:81`);
      await says(/This service has no web server: it takes no connections at port 81\./);
    });

    for (const [path, how] of [
      ['/', 'asking for the part that is wanted'],
      ['/listen', 'passing over what comes before it, where the service has no parts'],
    ] as const)
      it(`seeks in a sound by ${how}`, async () => {
        await open(path);
        const sound = site(tab).locator('audio');
        await until('its length', () => sound.evaluate((audio: HTMLAudioElement) => Math.round(audio.duration) === 29));
        for (const second of [27, 3, 20]) {
          await sound.evaluate((audio: HTMLAudioElement, at) => void (audio.currentTime = at), second);
          await until(`second ${second}`, () =>
            sound.evaluate((audio: HTMLAudioElement, at) => !audio.seeking && audio.readyState >= 2 && audio.currentTime === at, second),
          );
        }
        if (path !== '/') return;
        const ranges = server.asked.filter(({ url }) => url === '/sound.wav').map(({ headers }) => headers.range);
        assert.ok(
          ranges.some((range) => Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1]) > 0),
          ranges.join(),
        );
      });

    it('shows a picture of 20 MB, to its last byte', async () => {
      await open('/large');
      await until('the picture', () =>
        site(tab)
          .locator('img')
          .evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth === 1000),
      );
    });

    it('opens by the link of an invitation what is for the invited, in two tabs at once; whoever else has the link is told of them, and they of him', async () => {
      const closed = ['expose', `closed=${server.port}`];
      const { link, address: to } = (await told(...closed, '--invite', 'anna')) ?? {};
      const exposed = start(...closed);
      await exposed.line('address');
      await openAddress(tab, String(to));
      await says(/for invited visitors alone: ask its owner for an invitation/);
      await openAddress(tab, String(link));
      await heading('Guest book');
      assert.equal(hash(), `#/open/${String(to)}/`);
      const other = await anotherTab(profile, network().url);
      await openAddress(other, String(to));
      await site(other).getByRole('heading', { name: 'Guest book' }).waitFor();
      // A path of the first tab's own stands beside it: what it asks is answered.
      await openAddress(tab, `http://${String(to)}/new`);
      await heading('New place');
      const thief = await joinedTab(await newProfile(browser), network().url);
      await openAddress(thief, String(link));
      await thief.getByText('Another program uses your invitation, and was there first').waitFor();
      const warned = /Another program came with your invitation, and was refused/i;
      await until('a tab that is told', async () => warned.test((await panelText(tab)) + (await panelText(other))));
      await thief.context().close();
      await openAddress(other, `http://${String(to)}/new`);
      await site(other).getByRole('heading', { name: 'New place' }).waitFor();
      await other.close();
      await told(...closed, '--revoke', 'anna');
      await exposed.line('byInvitation');
      await openAddress(tab, `http://${String(to)}/`);
      await says(/the invitation to \S+ does not open its record: it was taken back/i);
      await exposed.stop();
    });

    it('writes to an inbox at whose address it is, and says that it is kept', async () => {
      const inbox = start('inbox', '--name', 'tabs');
      const { link } = await inbox.line('address');
      await openAddress(tab, String(link));
      await tab.getByLabel('Message').fill('See you at eight ☕');
      await tab.keyboard.press('Control+Enter');
      await tab.getByText('Kept by the inbox').waitFor();
      const { text, signedBy } = await inbox.line('text');
      assert.deepEqual([text, signedBy], ['See you at eight ☕', undefined]);
      await tab.getByLabel('Message').fill('It is me');
      await tab.getByRole('checkbox', { name: /^Sign it/ }).check();
      await tab.getByRole('button', { name: 'Send' }).press('Enter');
      const signed = await inbox.line('signedBy');
      assert.equal(signed['text'], 'It is me');
      await tab.getByText(String(signed['signedBy'])).waitFor();
      await inbox.stop();
    });

    it('saves a file under the name that its service gives it, when it is told to', async () => {
      await open('/file.zip');
      await tab.getByRole('heading', { name: 'A file, and not a page' }).waitFor();
      const download = tab.waitForEvent('download');
      await tab.getByRole('button', { name: 'Save', exact: true }).click();
      assert.equal((await download).suggestedFilename(), 'all of it.zip');
      assert.deepEqual(readFileSync(await (await download).path()), LARGE.subarray(0, 3_000_000));
      assert.equal(server.asked.filter(({ url }) => url === '/file.zip').length, 1);
    });

    it('goes on where a file broke off when its server was killed, and runs again', async () => {
      await open('/breaks.zip');
      await tab.getByRole('button', { name: 'Save', exact: true }).click();
      await tab.getByText('1.5 MB of 3.0 MB', { exact: true }).waitFor();
      await server.die();
      await tab.getByRole('heading', { name: 'The download broke off' }).waitFor();
      await tab.getByRole('button', { name: 'Go on' }).click();
      await tab.getByText(/the web server behind it does not run\. What has come is kept/).waitFor();
      await server.start();
      const download = tab.waitForEvent('download');
      await tab.getByRole('button', { name: 'Go on' }).click();
      assert.deepEqual(readFileSync(await (await download).path()), LARGE.subarray(0, 3_000_000));
      const ranges = server.asked.filter(({ url }) => url === '/breaks.zip').map(({ headers }) => [headers.range, headers['if-range']]);
      assert.deepEqual(ranges, [
        [undefined, undefined],
        ['bytes=1500000-', '"first"'],
      ]);
    });

    it('says what is none of the web', async () => {
      const ssh = createServer((socket) => socket.on('error', () => undefined).end('SSH-2.0-x\r\n')).listen(0, '127.0.0.1');
      await once(ssh, 'listening');
      const exposed = start('expose', String((ssh.address() as AddressInfo).port), '--port', '22', '--port', '80');
      const { address: other } = await exposed.line('address');
      await openAddress(tab, String(other));
      await says(/The service does not answer as a web server does: it does not begin with HTTP\/1\./);
      ssh.close();
      await exposed.stop();
      const opened = await gnet(['open', address, '--data', network().dataFolder, '--out', join(network().folder, 'live-out')]);
      assert.match(opened.stderr, /a live service answers at this address, and not a published site/);
      assert.notEqual(opened.exitCode, 0);
    });

    it('says that the server broke off, and that it does not run; and shows it when it does again', async () => {
      await open('/half');
      await until('the request', () => server.asked.some(({ url }) => url === '/half'));
      await server.die();
      await says(/The connection ended/);
      await tab.getByRole('button', { name: 'Try again' }).click();
      await says(/The service is there, but the web server behind it does not run\./);
      await server.start();
      await open('/new');
      await heading('New place');
    });
  });
}
