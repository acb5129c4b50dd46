/**
 * The service worker of one site's origin. It answers everything there itself, so that no request of a site reaches any network: our own few files
 * from its cache, and the site's from the peer, verified to the last byte or, where a live service answers, filtered. It keeps nothing else.
 */

import { GlobalNetError } from '../src/core/bytes/errors.ts';
import { appOriginOf } from '../src/shared/headers.ts';
import { failureOf } from '../src/shared/outcome.ts';
import { KEEPER_PAGE, KEEPER_SCRIPT, OUTSIDE_PREFIX } from '../src/shared/site-paths.ts';
import type { KeeperMessage } from '../src/shared/site-shell.ts';
import { answerFile, answerPage, type FileAnswerContext, offerOf } from './site/answer-file.ts';
import type { GoOn, Offer } from './site/live-site.ts';
import { nowhere, pageRedirect, plainAnswer, stayPut } from './site/plain-answers.ts';
import { type Connected, SitePortsHolder } from './site/site-ports.ts';
import type { SiteVersion } from './site/verified-site.ts';
import { findFile, ownPathRefused, type Wanted, wantedBy } from './site/wanted.ts';

declare const self: ServiceWorkerGlobalScope;

const OWN_CACHE = 'gnet-own';
const OWN_FILES = [KEEPER_PAGE, KEEPER_SCRIPT];

const appOrigin = appOriginOf(self.location.origin);
const holder = new SitePortsHolder();

self.addEventListener('install', (event) => {
  // The keeper has to open with the app's host stopped.
  const own = OWN_FILES.map((path) => new Request(path, { cache: 'no-cache' }));
  event.waitUntil(
    caches
      .open(OWN_CACHE)
      .then((cache) => cache.addAll(own))
      .then(() => self.skipWaiting()),
  );
});
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('message', (event) => {
  const message = event.data as KeeperMessage;
  if (message.type === 'ports') holder.accept(message.ports);
});
self.addEventListener('fetch', (event) => event.respondWith(answer(event.request)));

/** In this order; the first that knows the request answers it. */
async function answer(request: Request): Promise<Response> {
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return Response.error();
  if (OWN_FILES.includes(url.pathname)) return answerOwn(url.pathname);
  if (request.mode !== 'navigate') return answerPart(request, url);
  if (request.destination === 'document') return answerTab(url);
  return answerFrame(request, url);
}

async function answerOwn(path: string): Promise<Response> {
  const cache = await caches.open(OWN_CACHE);
  return (await cache.match(path)) ?? fetch(path);
}

/** A tab of its own would show the page without the shell's frame, which holds it: the tab becomes a shell. */
async function answerTab(url: URL): Promise<Response> {
  const connected = await holder.get().catch(() => undefined);
  if (connected === undefined) return nowhere(appOrigin);
  const route = url.pathname.startsWith(OUTSIDE_PREFIX)
    ? `outside/${url.pathname.slice(OUTSIDE_PREFIX.length)}`
    : `open/${connected.host}${url.pathname}${url.search}`;
  return pageRedirect(`${appOrigin}/#/${route}`);
}

/**
 * The content frame goes only where the shell sends it: the shell's own history is then the only one, and its address bar never
 * lies. What a link or form asks for is told to the shell, and the frame stays (204).
 */
async function answerFrame(request: Request, url: URL): Promise<Response> {
  const connected = await holder.get().catch(() => undefined);
  if (connected === undefined) return nowhere(appOrigin);
  if (url.pathname.startsWith(OUTSIDE_PREFIX)) {
    connected.report({ type: 'outside', url: outsideUrl(url) });
    return stayPut();
  }
  const path = url.pathname + url.search;
  if (request.method !== 'GET') return sendForm(connected, request, url, path);
  if (path === connected.shown) return showPage(connected, request, url, path);
  connected.report({ type: 'asked', path: path + url.hash, isRedirect: false });
  return stayPut();
}

/** What a form sends goes to a live service; the frame comes for the answer by the shell, as for any page. */
async function sendForm({ site, live, report }: Connected, request: Request, url: URL, path: string): Promise<Response> {
  try {
    if (request.method !== 'POST' || (await site.current()) !== 'live')
      throw new GlobalNetError('unsupported', 'This form wants to send data, and a site made of files has nobody to receive it.');
    report({ type: 'sending' });
    const { goTo } = await live.send(request, ownPathRefused(url));
    report({ type: 'asked', path: goTo, isRedirect: false });
  } catch (error) {
    report({ type: 'failed', path, ...failureOf(error) });
  }
  return stayPut();
}

function outsideUrl(url: URL): string {
  try {
    return decodeURIComponent(url.pathname.slice(OUTSIDE_PREFIX.length));
  } catch {
    return url.pathname.slice(OUTSIDE_PREFIX.length);
  }
}

async function showPage(connected: Connected, request: Request, url: URL, path: string): Promise<Response> {
  try {
    const version = await connected.site.newest();
    const wanted = wantedBy(url);
    const page = version === 'live' ? await connected.live.page(wanted) : await signedPage(connected, version, request, wanted);
    if (page instanceof Response) {
      connected.report({ type: 'answered', path, status: page.status, isLive: version === 'live' });
      return page;
    }
    if (path !== connected.shown) return stayPut(); // the reader has gone on meanwhile
    if ('goTo' in page) connected.report({ type: 'asked', path: page.goTo, isRedirect: true });
    else connected.report({ type: 'offered', path, file: page.offered });
  } catch (error) {
    const failure = failureOf(error);
    if (path === connected.shown || failure.kind === 'unverified') connected.report({ type: 'failed', path, ...failure });
  }
  return stayPut();
}

async function signedPage(
  connected: Connected,
  version: SiteVersion,
  request: Request,
  { at, isFile }: Wanted,
): Promise<Response | GoOn | Offer> {
  const found = findFile(version, at);
  if (isFile && found.status === 200) return offerOf(found.entry);
  if (found.redirect !== undefined) return { goTo: found.redirect + at.search + at.hash };
  return answerPage(contextOf(connected, version), found.entry, found.status, request);
}

/** Pictures, styles, fonts, media of a page. */
async function answerPart(request: Request, url: URL): Promise<Response> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return plainAnswer(405);
  try {
    const connected = await holder.get();
    const version = await connected.site.current();
    if (version === 'live') return await connected.live.part(request, ownPathRefused(url));
    const found = findFile(version, url);
    if (found.status === 404 || found.redirect !== undefined) return plainAnswer(404);
    return answerFile(contextOf(connected, version), found.entry, request);
  } catch (error) {
    return plainAnswer(failureOf(error).kind === 'unknown' ? 404 : 503);
  }
}

function contextOf(connected: Connected, version: SiteVersion): FileAnswerContext {
  // A part that does not come leaves a gap, as in any page; one that is not what was signed takes the page away.
  const onFailure = (path: string, error: unknown): void => {
    const failure = failureOf(error);
    if (failure.kind === 'unverified') connected.report({ type: 'failed', path: `/${path}`, ...failure });
  };
  return { site: connected.site, version, appOrigin, onFailure };
}
