import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import {
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Download,
  type Frame,
  type FrameLocator,
  type Page,
} from 'playwright-core';
import { hex } from '../../src/core/bytes/index.ts';
import { identityFromSeed, nobleCrypto } from '../../src/core/crypto/index.ts';
import { normalAddress } from '../../src/core/wire/address.ts';
import { signCertificate } from '../../src/core/wire/certificate.ts';
import { formatInvitation, formatInvitationLink } from '../../src/core/wire/invitation.ts';
import { formatIssuer } from '../../src/core/wire/issuer.ts';
import { waitFor } from './support/drivers.ts';
import { type FixtureApp, startFixtureApp } from './support/fixture-app.ts';

/** Larger than a few chunks, none of them like another. */
const MOVIE = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7 + (i >> 8)) & 255);

const SITES = [
  {
    title: 'Gazette',
    seed: 1,
    files: [
      {
        path: 'index.html',
        mediaType: 'text/html',
        content:
          '<!doctype html><title>Gazette</title><link rel="stylesheet" href="s.css"><h1>Gazette</h1><a id="two" href="two.html?x=1#end">two</a> ' +
          '<a id="out" href="https://example.org/a?b=1">out</a> <a id="folder" href="folder">folder</a> <a id="lost" href="lost.html">lost</a>' +
          '<form action="two.html"><input name="q" value="z"><button id="find">find</button></form><form method="post"><button id="send">send</button></form>',
      },
      {
        path: 'two.html',
        mediaType: 'text/html',
        content: '<!doctype html><h1>Two</h1><a id="home" href="./">home</a><p id="end">end</p>',
      },
      { path: 'folder/index.html', mediaType: 'text/html', content: '<!doctype html><h1>Folder</h1><img id="pixel" src="../dot.svg">' },
      { path: 'dot.svg', mediaType: 'image/svg+xml', content: '<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"/>' },
      { path: 's.css', mediaType: 'text/css', content: 'h1 { color: rgb(1, 2, 3) }' },
      { path: 'movie.bin', mediaType: 'application/octet-stream', content: MOVIE },
      { path: '404.html', mediaType: 'text/html', content: '<!doctype html><h1>Lost</h1>' },
      {
        path: 'files.html',
        mediaType: 'text/html',
        content: '<!doctype html><h1>Files</h1><a id="movie" href="movie.bin">movie</a> <a id="style" download href="s.css">style</a>',
      },
    ],
  },
  { title: 'Other', seed: 2, files: [{ path: 'index.html', mediaType: 'text/html', content: '<!doctype html><h1>Other</h1>' }] },
  {
    title: 'Live',
    seed: 3,
    isLive: true,
    files: [
      {
        path: 'index.html',
        mediaType: 'text/html',
        content: '<!doctype html><h1>Live</h1><a id="trap" download="x" href="trap">trap</a><img src="trap" alt="">',
      },
      {
        path: 'trap',
        mediaType: 'text/html',
        content: '<script>document.title = "opened"</script>',
        headers: ['Content-Disposition: attachment; filename="../../.evil\u202elmth.html"'],
      },
    ],
  },
];

const ISSUER = identityFromSeed(nobleCrypto, new Uint8Array(32).fill(50));
const ISSUER_KEY = formatIssuer(ISSUER.publicKey);

/** What the issuer says of the first site until the end of 2099, for `fixture.faults`. */
function certificateThat(text: string): string {
  const service = nobleCrypto.ed25519Public(new Uint8Array(32).fill(SITES[0]?.seed ?? 0));
  return hex(signCertificate(nobleCrypto, ISSUER, { service, fromS: 0, untilS: 4_102_444_799, text }).bytes);
}

/** To the first site, each seed another one. */
function invitationTo(app: FixtureApp, seed: number): string {
  return formatInvitation({ address: normalAddress(app.addresses[0] ?? ''), secret: new Uint8Array(32).fill(seed) });
}

function invitationLink(app: FixtureApp, seed: number): string {
  return formatInvitationLink(app.url, { address: normalAddress(app.addresses[0] ?? ''), secret: new Uint8Array(32).fill(seed) });
}

/** Deleted at the end: a browser goes on writing for a moment after it was closed. */
const profiles: string[] = [];

async function newContext(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const folder = mkdtempSync(join(tmpdir(), 'gnet-shell-'));
  profiles.push(folder);
  const context = await chromium.launchPersistentContext(folder, {
    ...options,
    executablePath: process.env['CHROME_PATH'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  context.setDefaultTimeout(15_000);
  return context;
}

const content = (page: Page): FrameLocator => page.frameLocator('gnet-site .place iframe');
const faults = (page: Page, set: string): Promise<void> => page.evaluate(`fixture.faults = ${set}`);

async function joined(context: BrowserContext, app: FixtureApp): Promise<Page> {
  const page = await context.newPage();
  await page.goto(app.url);
  await page.getByRole('button', { name: 'Join', exact: true }).click();
  await page.getByText('Joined: 3 links').waitFor();
  return page;
}

async function trust(page: Page, key: string, name: string): Promise<void> {
  await page.getByLabel('Key', { exact: true }).fill(key);
  await page.getByLabel('What you call it').fill(name);
  await page.keyboard.press('Enter');
}

async function open(page: Page, address: string | undefined, path = '/'): Promise<void> {
  await page.evaluate((hash) => void (location.hash = hash), `#/open/${address}${path}`);
}

const home = (page: Page): Promise<void> => page.evaluate(() => void (location.hash = '#/'));
const frameUrl = (page: Page): Promise<string> => page.locator('gnet-site .place iframe').evaluate((frame: HTMLIFrameElement) => frame.src);

/** The keeper of the open site; those of spare labels come and go. */
async function keeperOf(page: Page): Promise<Frame> {
  const { origin } = new URL(await frameUrl(page));
  return waitFor('the keeper', () => page.frames().find((frame) => frame.url() === `${origin}/_gnet/keeper.html`));
}

describe('the shell', { timeout: 240_000 }, () => {
  let app: FixtureApp;
  let context: BrowserContext;
  let page: Page;
  before(async () => {
    app = await startFixtureApp(SITES);
    context = await newContext();
    page = await joined(context, app);
  });
  after(async () => {
    await context?.close();
    await app?.close();
    for (const folder of profiles) rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });
  beforeEach(async () => {
    await page.goto(`${app.url}#/`);
    await page.reload();
    await page.getByText('Joined: 3 links').waitFor();
  });

  it('shows a site under its address, styled, without cookies or a way to its scripts', async () => {
    await page.getByLabel('Address or link of a site').fill(`  ${app.addresses[0]?.toUpperCase()} `);
    await page.keyboard.press('Enter');
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    assert.equal(
      await content(page)
        .locator('h1')
        .evaluate((h1) => getComputedStyle(h1).color),
      'rgb(1, 2, 3)',
    );
    assert.ok(page.url().endsWith(`#/open/${app.addresses[0]}/`));
    assert.equal(await page.locator('gnet-site .place iframe').getAttribute('sandbox'), 'allow-same-origin allow-forms');
    assert.deepEqual(await context.cookies(), []);
  });

  it('follows links, forms and folders of the site, and the browser’s back and forward lead where they should', async () => {
    await open(page, app.addresses[0]);
    await content(page).locator('#two').click();
    await content(page).getByRole('heading', { name: 'Two' }).waitFor();
    assert.ok(page.url().endsWith('/two.html?x=1#end'), page.url());
    await page.goBack();
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    await page.goForward();
    await content(page).getByRole('heading', { name: 'Two' }).waitFor();
    await content(page).locator('#home').click();
    await content(page).locator('#find').click();
    // Until it is shown: what is clicked in a page that is about to go is lost, as in any browser.
    await content(page).getByRole('heading', { name: 'Two' }).waitFor();
    assert.ok(page.url().endsWith('/two.html?q=z'), page.url());
    await page.goBack();
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    await content(page).locator('#folder').click();
    await content(page).getByRole('heading', { name: 'Folder' }).waitFor();
    assert.ok(page.url().endsWith('/folder/'), page.url());
    assert.equal(
      await content(page)
        .locator('#pixel')
        .evaluate((image: HTMLImageElement) => image.naturalWidth),
      7,
    );
    await page.goBack();
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    await content(page).locator('#lost').click();
    await content(page).getByRole('heading', { name: 'Lost' }).waitFor();
    await page.getByText('The site has no such page').waitFor();
  });

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

  it('asks before a link leaves the network, and does not go there', async () => {
    await open(page, app.addresses[0]);
    await content(page).locator('#out').click();
    await page.getByRole('heading', { name: 'This link leaves the network' }).waitFor();
    await page.getByText('https://example.org/a?b=1').waitFor();
    await page.getByRole('button', { name: 'Back to the site' }).click();
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
  });

  it('saves a file when it is told to and not before, whole and as it was signed', async () => {
    const saved: Download[] = [];
    page.on('download', (download) => saved.push(download));
    await open(page, app.addresses[0], '/files.html');
    await content(page).locator('#movie').click();
    await page.getByRole('heading', { name: 'A file, and not a page' }).waitFor();
    const shown = (await page.locator('gnet-file').evaluate((element) => element.shadowRoot?.textContent ?? '')).replace(/\s+/g, ' ');
    assert.match(
      shown,
      /Its author has signed it.*Name ?movie\.bin ?Kind ?application\/octet-stream ?Size ?300 KB ?From ?[a-z2-7]{56}\.gnet/,
    );
    assert.match(shown, /may connect to the internet by itself and show your IP address/);
    assert.equal(saved.length, 0);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('heading', { name: 'The file is with your downloads' }).waitFor();
    assert.equal((await download).suggestedFilename(), 'movie.bin');
    assert.deepEqual(new Uint8Array(readFileSync(await (await download).path())), MOVIE);
    await page.getByRole('button', { name: 'Back' }).click();
    await content(page).locator('#style').click();
    await page.getByText('s.css', { exact: true }).waitFor();
    await page.goBack();
    await content(page).getByRole('heading', { name: 'Files' }).waitFor();
    assert.equal(saved.length, 1);
    page.removeAllListeners('download');
  });

  it('saves nothing of a file that was changed on the way, or that is no longer wanted', async () => {
    const saved: Download[] = [];
    page.on('download', (download) => saved.push(download));
    await open(page, app.addresses[0], '/movie.bin');
    await faults(page, '{ chunkDelayMs: 60_000 }');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('progressbar', { name: 'Saving' }).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await faults(page, '{ tamperedPath: "movie.bin" }');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('heading', { name: 'The file was not saved' }).waitFor();
    await page.getByText('This is not what its author signed. ').waitFor();
    await faults(page, '{}');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('heading', { name: 'The file is with your downloads' }).waitFor();
    assert.equal(saved.length, 1);
    page.removeAllListeners('download');
  });

  it('gives what a live service wants saved a name that hides nothing, and never opens it', async () => {
    const saved: Download[] = [];
    page.on('download', (download) => saved.push(download));
    await open(page, app.addresses[2]);
    await content(page).locator('#trap').click();
    await page.getByText('evillmth.html', { exact: true }).waitFor();
    await page.getByText('A live service sends it: nobody has signed it.').waitFor();
    assert.equal(saved.length, 0);
    const pages = context.pages().length;
    await page.evaluate('const make = URL.createObjectURL; URL.createObjectURL = (blob) => ((globalThis.kind = blob.type), make(blob))');
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    assert.equal((await download).suggestedFilename(), 'evillmth.html');
    assert.match((await download).url(), /^blob:/);
    assert.equal(context.pages().length, pages);
    assert.equal(await page.evaluate('globalThis.kind'), 'application/octet-stream', 'it must be no page on the app’s own origin');
    page.removeAllListeners('download');
  });

  it('gives a port of an address an origin of its own, and keeps links to it there', async () => {
    const origin = async (): Promise<string> => new URL(await frameUrl(page)).origin;
    await open(page, app.addresses[2]);
    await content(page).getByRole('heading', { name: 'Live' }).waitFor();
    const usual = await origin();
    await page.getByLabel('Address or link of a site').fill(`http://${app.addresses[2]}:8080/?x`);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${app.url}#/open/${app.addresses[2]}:8080/?x`);
    await waitFor('the other origin', async () => (await origin()) !== usual);
    await content(page).getByRole('heading', { name: 'Live' }).waitFor();
    await page.getByRole('button', { name: /circuits and links/ }).click();
    await page.getByRole('complementary').getByText(`${app.addresses[2]}:8080`, { exact: true }).waitFor();
    await content(page).locator('#trap').click();
    await page.getByText('evillmth.html', { exact: true }).waitFor();
    assert.ok(page.url().endsWith(`#/open/${app.addresses[2]}:8080/_gnet/save/trap`), page.url());
    await open(page, `${app.addresses[2]}:80`);
    await content(page).getByRole('heading', { name: 'Live' }).waitFor();
    assert.equal(await origin(), usual);
    await open(page, `${app.addresses[2]}:65536`);
    await page.getByText('65536 is no port: they go from 1 to 65535.').waitFor();
  });

  it('says that a site of files receives no form data', async () => {
    await open(page, app.addresses[0]);
    await content(page).locator('#send').click();
    await page.getByText('has nobody to receive it').waitFor();
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

  it('says what is wrong with an address, in the bar and as a page', async () => {
    await page.getByLabel('Address or link of a site').fill('hello');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('does not end in .gnet').waitFor();
    await open(page, 'abc.gnet');
    await page.getByRole('heading', { name: 'This is not an address' }).waitFor();
  });

  it('serves ranges, verified, through the service worker', async () => {
    await open(page, app.addresses[0]);
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    const keeper = await keeperOf(page);
    const got = await keeper.evaluate(async () => {
      const response = await fetch('/movie.bin', { headers: { Range: 'bytes=65530-131080' } });
      return {
        status: response.status,
        range: response.headers.get('content-range'),
        bytes: [...new Uint8Array(await response.arrayBuffer())],
      };
    });
    assert.equal(got.status, 206);
    assert.equal(got.range, 'bytes 65530-131080/300000');
    assert.deepEqual(Uint8Array.from(got.bytes), MOVIE.slice(65_530, 131_081));
  });

  it('gives two sites two origins, and two tabs of one site two service workers', async () => {
    const origins = new Set<string>();
    const second = await context.newPage();
    for (const [tab, address] of [
      [page, app.addresses[0]],
      [second, app.addresses[0]],
    ] as const) {
      await tab.goto(`${app.url}#/open/${address}/`);
      await content(tab).getByRole('heading').waitFor();
      origins.add(new URL(await frameUrl(tab)).host);
    }
    await second.close();
    await content(page).locator('#two').click();
    await content(page).getByRole('heading', { name: 'Two' }).waitFor();
    await open(page, app.addresses[1]);
    await content(page).getByRole('heading', { name: 'Other' }).waitFor();
    origins.add(new URL(await frameUrl(page)).host);
    assert.equal(origins.size, 3);
    for (const origin of origins) assert.match(origin, /^[a-z2-7]{16}\.gnet\.localhost:\d+$/);
  });

  it('becomes a shell when a site’s own origin is opened in a tab', async () => {
    await open(page, app.addresses[0]);
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    const src = await frameUrl(page);
    const tab = await context.newPage();
    await tab.goto(`${src}two.html`);
    assert.equal(tab.url(), `${app.url}#/open/${app.addresses[0]}/two.html`);
    await tab.close();
  });

  it('refuses a page that the host answered and not the service worker', async () => {
    await open(page, app.addresses[0]);
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    const keeper = await keeperOf(page);
    await keeper.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.unregister());
    await content(page).locator('#two').click({ noWaitAfter: true });
    await page.getByText('did not come from the service worker').waitFor();
    assert.equal(await page.locator('gnet-site iframe').count(), 0);
  });

  it('gives a restarted service worker new ports', async () => {
    await open(page, app.addresses[0]);
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    const session = await context.newCDPSession(page);
    await session.send('ServiceWorker.enable');
    await session.send('ServiceWorker.stopAllWorkers');
    await content(page).locator('#two').click();
    await content(page).getByRole('heading', { name: 'Two' }).waitFor();
  });

  it('shows circuits, links and what happened', async () => {
    await open(page, app.addresses[0]);
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    await page.evaluate(`fixture.status({ circuits: [{ name: 'c7', purpose: 'visit ${app.addresses[0]}', hops: ['aaaaaaaaaa', 'bbbbbbbbbb', 'cccccccccc', 'dddddddddd'], ageMs: 1000, sentBytes: 1000, receivedBytes: 2000, roundTripMs: 40 }] });
      fixture.event({ atMs: Date.now(), kind: 'circuit', text: 'Relay bbbb went away, took another path.' })`);
    await page.getByRole('button', { name: /circuits and links/ }).click();
    const panel = page.getByRole('complementary');
    await panel.getByText('meeting point').waitFor();
    await panel.getByText('took another path').waitFor();
    assert.equal(await panel.getByRole('listitem').filter({ hasText: 'aaaaaaaa' }).count(), 1);
  });

  it('shows what an issuer says of a site where the user trusts his key, in every tab, and else the key alone', async () => {
    await faults(page, JSON.stringify({ certificates: [certificateThat('<b>The</b> Example Gazette')] }));
    await open(page, app.addresses[0]);
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    await page.getByRole('button', { name: /circuits and links/ }).click();
    const panel = page.getByRole('complementary');
    await panel.getByText('a key that you do not trust').waitFor();
    await panel.getByText(ISSUER_KEY).waitFor();
    assert.equal(await panel.getByText('Example Gazette').count(), 0);
    const second = await context.newPage();
    await second.goto(`${app.url}#/`);
    const summary = second.locator('summary', { hasText: 'Keys that you trust' });
    await summary.focus();
    await second.keyboard.press('Enter');
    await trust(second, app.addresses[0] ?? '', 'Alice');
    await second.getByRole('alert').getByText('the address of a service').waitFor();
    await trust(second, ` ${ISSUER_KEY.toUpperCase()}`, 'Alice');
    await second.getByText('(1)').waitFor();
    await panel.getByText('Alice (a key that you trust) says, until 2099-12-31:').waitFor();
    assert.equal(await panel.getByRole('blockquote').textContent(), '<b>The</b> Example Gazette');
    await second.reload();
    await summary.click();
    await second.getByText(ISSUER_KEY).waitFor();
    await second.getByRole('button', { name: 'Remove Alice' }).press('Enter');
    await panel.getByText('a key that you do not trust').waitFor();
    assert.equal(await panel.getByRole('blockquote').count(), 0);
    await waitFor('the focus', () => second.evaluate(`document.activeElement?.tagName === 'GNET-APP'`));
    await second.close();
  });

  it('opens only what a trusted key vouches for where the user chose so, and shows nothing of another site', async () => {
    const refused = page.getByRole('heading', { name: 'Nobody whom you trust vouches for this site' });
    await faults(page, JSON.stringify({ certificates: [certificateThat('The Example Gazette')] }));
    await page.locator('summary', { hasText: 'Keys that you trust' }).click();
    const choice = page.getByRole('switch', { name: /Open only what a key that I trust vouches for/ });
    await choice.check();
    await page.getByText('so nothing opens').waitFor();
    await open(page, app.addresses[0]);
    await refused.waitFor();
    await page.getByText('The statements that it carries are of other keys').waitFor();
    assert.equal(await page.locator('gnet-site iframe').count(), 0);
    await home(page);
    await page.locator('summary', { hasText: 'Keys that you trust' }).click();
    await trust(page, ISSUER_KEY, 'Alice');
    await page.getByText('(1)').waitFor();
    await open(page, app.addresses[0]);
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    await open(page, app.addresses[1]);
    await refused.waitFor();
    await page.getByText('It carries no statement at all').waitFor();
    await faults(page, `{ failure: { kind: 'unserved', message: 'Nobody is there.' } }`);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('one that is stored here too').waitFor();
    await home(page);
    await page.locator('summary', { hasText: 'Keys that you trust' }).click();
    await choice.uncheck();
    await page.getByRole('button', { name: 'Remove Alice' }).click();
    await page.getByText('(1)').waitFor({ state: 'hidden' });
    await faults(page, '{}');
    await open(page, app.addresses[1]);
    await content(page).getByRole('heading', { name: 'Other' }).waitFor();
  });

  it('takes an invitation by its link, which then stands in no URL and no history, and opens what it is to', async () => {
    await faults(page, '{ isByInvitation: true }');
    await open(page, app.addresses[0]);
    await page.getByText('for invited visitors alone').waitFor();
    await page.getByText('paste the one that you were given into the address bar').waitFor();
    await page.evaluate(`location.hash = ${JSON.stringify(invitationLink(app, 1).split('#')[1])}`);
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    assert.ok(page.url().endsWith(`#/open/${app.addresses[0]}/`), page.url());
    await page.goBack();
    await page.goForward();
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    assert.ok(page.url().endsWith(`#/open/${app.addresses[0]}/`), page.url());
    const first = await context.newPage();
    await first.addInitScript('globalThis.firstFaults = { isByInvitation: true }');
    await first.goto(invitationLink(app, 1));
    await content(first).getByRole('heading', { name: 'Gazette' }).waitFor();
    assert.equal(await first.evaluate('history.length'), 2, 'about:blank, and the site');
    await first.close();
  });

  it('asks before another invitation to one address replaces the one that is kept; says what is wrong with one; and removes it', async () => {
    const bar = page.getByLabel('Address or link of a site');
    await bar.fill(` ${invitationTo(app, 2)} `);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'You have another invitation to this address' }).waitFor();
    await page.getByRole('button', { name: 'Keep mine' }).click();
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    await page.goto(invitationLink(app, 2));
    await page.getByRole('button', { name: 'Use the new one' }).click();
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    assert.ok(!page.url().includes('invitation'), page.url());

    await bar.fill(invitationTo(app, 2).slice(0, -1));
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('Not an invitation: 56 letters and digits stand behind').waitFor();
    assert.equal(await bar.inputValue(), invitationTo(app, 2).slice(0, -1), 'to be mended');
    await page.goto(`${invitationLink(app, 2).slice(0, -2)}aa`);
    await page.getByRole('heading', { name: 'This invitation cannot be used' }).waitFor();
    await page.getByText('its checksum does not match').waitFor();
    await page.getByRole('button', { name: 'Back to the start' }).click();

    const list = page.getByRole('region', { name: 'Invitations kept in this browser' });
    await list.getByText(String(app.addresses[0])).waitFor();
    await list.getByRole('button', { name: 'Remove the invitation' }).press('Enter');
    await list.waitFor({ state: 'hidden' });
    await faults(page, '{ isByInvitation: true }');
    await open(page, app.addresses[0]);
    await page.getByText('for invited visitors alone').waitFor();
  });

  it('writes to an inbox: says what is going on, that it is kept, or why not; what is written stays until it is', async () => {
    await faults(page, '{ inbox: {} }');
    await open(page, app.addresses[0]);
    await page.getByRole('heading', { name: 'Write to this inbox' }).waitFor();
    await waitFor('the focus', () => page.evaluate(`document.activeElement?.tagName === 'GNET-APP'`));
    const text = page.getByLabel('Message');
    await text.fill('é'.repeat(9000));
    await page.getByText('18,000 of at most').waitFor();
    assert.equal(await text.getAttribute('aria-invalid'), 'true');
    await text.fill('See you at eight. ☕');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('status').getByText('On its way').waitFor();
    await faults(page, `{ inbox: { failure: { kind: 'full', message: 'the inbox is full' } } }`);
    await page.getByRole('alert').getByText('The inbox is full.').waitFor();
    await home(page);
    await open(page, app.addresses[0]);
    await page.getByRole('alert').getByText('Not kept').waitFor();
    assert.equal(await text.inputValue(), 'See you at eight. ☕');
    await faults(page, `{ inbox: { mayKeep: true } }`);
    await page.getByRole('button', { name: 'Send' }).press('Enter');
    await page.getByRole('status').getByText('Kept by the inbox').waitFor();
    assert.deepEqual(await page.evaluate('fixture.messages'), [[app.addresses[0], 'See you at eight. ☕']]);
    assert.equal(await text.inputValue(), '');
    assert.equal(await page.locator('gnet-site iframe').count(), 0);
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
    // All three spares are registered, and the app's service worker has everything.
    await waitFor('the app’s copy', () =>
      first.evaluate(`navigator.serviceWorker.getRegistration().then((it) => it?.active?.state === 'activated')`),
    );
    await first.waitForTimeout(3000); // the spares are being registered
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

  for (const [name, options] of [
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['phone', { viewport: { width: 360, height: 740 } }],
  ] as const) {
    it(`is accessible, and has no horizontal scroll: ${name}`, async () => {
      const profile = await newContext(options);
      const first = await joined(profile, app);
      const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
      const check = async (where: string): Promise<void> => {
        await first.evaluate(readFileSync(axe, 'utf8'));
        const found = (await first.evaluate(`axe.run({ exclude: [['iframe']] })`)) as {
          violations: { id: string; nodes: { html: string }[] }[];
        };
        assert.deepEqual(
          found.violations.map(({ id, nodes }) => `${where}: ${id}: ${nodes[0]?.html}`),
          [],
        );
        const [wide, room] = (await first.evaluate('[document.documentElement.scrollWidth, innerWidth]')) as [number, number];
        assert.ok(wide <= room, `${where}: ${wide} px in ${room}`);
      };
      await first.getByText('Keys that you trust').click();
      await trust(first, ISSUER_KEY, 'W'.repeat(64));
      await first.getByText('(1)').waitFor();
      await first.getByLabel('Address or link of a site').fill(invitationTo(app, 1));
      await first.keyboard.press('Enter');
      await content(first).getByRole('heading', { name: 'Gazette' }).waitFor();
      await first.getByLabel('Address or link of a site').fill(invitationTo(app, 2));
      await first.keyboard.press('Enter');
      await first.getByRole('button', { name: 'Keep mine' }).waitFor();
      await check('another invitation');
      await home(first);
      await check('start');
      const certificates = [certificateThat('x'.repeat(200)), certificateThat('שלום, and more words')];
      await faults(first, JSON.stringify({ certificates }));
      await open(first, app.addresses[0]);
      await content(first).getByRole('heading', { name: 'Gazette' }).waitFor();
      await check('site');
      await first.getByRole('button', { name: /circuits and links/ }).click();
      await first.getByRole('blockquote').first().waitFor();
      await check('panel');
      await faults(
        first,
        JSON.stringify({ certificates, inbox: { failure: { kind: 'timeout', message: `no answer: ${'W'.repeat(200)}` } } }),
      );
      await home(first);
      await open(first, app.addresses[0]);
      await first.getByLabel('Message').fill('hello');
      await first.getByRole('button', { name: 'Send' }).click();
      await first.getByRole('alert').getByText('has not said that it keeps it').waitFor();
      await first.getByRole('blockquote').first().waitFor();
      await check('inbox');
      await faults(first, JSON.stringify({ certificates }));
      await home(first);
      await first.getByRole('button', { name: /circuits and links/ }).click();
      await open(first, app.addresses[0], '/movie.bin');
      await first.getByRole('heading', { name: 'A file, and not a page' }).waitFor();
      await check('file');
      await faults(first, '{ chunkDelayMs: 60_000 }');
      await first.getByRole('button', { name: 'Save', exact: true }).click();
      await first.getByRole('progressbar', { name: 'Saving' }).waitFor();
      await check('saving');
      await open(first, 'abc.gnet');
      await check('message');
      await profile.close();
    });
  }
});
