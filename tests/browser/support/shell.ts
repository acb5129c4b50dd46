import { after, before, beforeEach } from 'node:test';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Frame,
  type FrameLocator,
  type Page,
} from 'playwright-core';
import { hex } from '../../../src/core/bytes/index.ts';
import { identityFromSeed, nobleCrypto } from '../../../src/core/crypto/index.ts';
import { normalAddress } from '../../../src/core/wire/address.ts';
import { signCertificate } from '../../../src/core/wire/certificate.ts';
import { formatInvitation, formatInvitationLink } from '../../../src/core/wire/invitation.ts';
import { formatIssuer } from '../../../src/core/wire/issuer.ts';
import { waitFor } from './drivers.ts';
import { type FixtureApp, startFixtureApp } from './fixture-app.ts';
import { SITES } from './shell-sites.ts';

const ISSUER = identityFromSeed(nobleCrypto, new Uint8Array(32).fill(50));
export const ISSUER_KEY = formatIssuer(ISSUER.publicKey);

/** What the issuer says of the first site until the end of 2099, for `fixture.faults`. */
export function certificateThat(text: string): string {
  const service = nobleCrypto.ed25519Public(new Uint8Array(32).fill(SITES[0]?.seed ?? 0));
  return hex(signCertificate(nobleCrypto, ISSUER, { service, fromS: 0, untilS: 4_102_444_799, text }).bytes);
}

/** To the first site, each seed another one. */
export function invitationTo(app: FixtureApp, seed: number): string {
  return formatInvitation({ address: normalAddress(app.addresses[0] ?? ''), secret: new Uint8Array(32).fill(seed) });
}

export function invitationLink(app: FixtureApp, seed: number): string {
  return formatInvitationLink(app.url, { address: normalAddress(app.addresses[0] ?? ''), secret: new Uint8Array(32).fill(seed) });
}

let browser: Promise<Browser> | undefined;

/** A browser profile of its own, until the end of the file's tests. */
export async function newContext(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  browser ??= chromium.launch({ executablePath: process.env['CHROME_PATH'] ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
  const context = await (await browser).newContext(options);
  context.setDefaultTimeout(15_000);
  return context;
}

export const content = (page: Page): FrameLocator => page.frameLocator('gnet-site .place iframe');
export const faults = (page: Page, set: string): Promise<void> => page.evaluate(`fixture.faults = ${set}`);

export async function joined(context: BrowserContext, app: FixtureApp): Promise<Page> {
  const page = await context.newPage();
  await page.goto(app.url);
  await page.getByRole('button', { name: 'Join', exact: true }).click();
  await page.getByText('Joined: 3 links').waitFor();
  return page;
}

export async function trust(page: Page, key: string, name: string): Promise<void> {
  await page.getByLabel('Key', { exact: true }).fill(key);
  await page.getByLabel('What you call it').fill(name);
  await page.keyboard.press('Enter');
}

export async function open(page: Page, address: string | undefined, path = '/'): Promise<void> {
  await page.evaluate((hash) => void (location.hash = hash), `#/open/${address}${path}`);
}

export const home = (page: Page): Promise<void> => page.evaluate(() => void (location.hash = '#/'));
export const frameUrl = (page: Page): Promise<string> =>
  page.locator('gnet-site .place iframe').evaluate((frame: HTMLIFrameElement) => frame.src);

/** The keeper of the open site; those of spare labels come and go. */
export async function keeperOf(page: Page): Promise<Frame> {
  const { origin } = new URL(await frameUrl(page));
  return waitFor('the keeper', () => page.frames().find((frame) => frame.url() === `${origin}/_gnet/keeper.html`));
}

export interface OpenedShell {
  app: FixtureApp;
  context: BrowserContext;
  page: Page;
}

/** For the tests of one `describe`: a browser, the app in it, and a tab that has joined and stands at the start before each of them. */
export function withShell(take: (opened: OpenedShell) => void): void {
  let opened: Partial<OpenedShell> = {};
  before(async () => {
    const app = await startFixtureApp(SITES);
    opened = { app };
    const context = await newContext();
    opened = { app, context };
    const page = await joined(context, app);
    opened = { app, context, page };
    take({ app, context, page });
  });
  after(async () => {
    await (await browser)?.close();
    await opened.app?.close();
  });
  beforeEach(async () => {
    const { app, page } = opened as OpenedShell;
    await page.goto(`${app.url}#/`);
    await page.reload();
    await page.getByText('Joined: 3 links').waitFor();
  });
}

/** As the browser does by itself after a while. */
export async function stopServiceWorkers(context: BrowserContext, page: Page): Promise<void> {
  const session = await context.newCDPSession(page);
  await session.send('ServiceWorker.enable');
  await session.send('ServiceWorker.stopAllWorkers');
}
