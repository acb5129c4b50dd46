/**
 * The app's own service worker: keeps the app's files, so that it opens with its host stopped. A new version is fetched whole, each file checked
 * against the build's hash, and takes over when no tab runs the old one, or when the user says so: a running page never
 * meets files of another version.
 */

import { KEPT_HEADER } from '../src/shared/network-info.ts';

declare const self: ServiceWorkerGlobalScope;
/** Set by the build: path → SHA-256 as in an `integrity` attribute. Any change makes this file, and so a new version. */
declare const __APP_FILES__: Record<string, string>;
/** Set by the build: names this version. */
declare const __APP_VERSION__: string;

const PREFIX = 'gnet-app-';
const CACHE = PREFIX + __APP_VERSION__;
/** The last `/network.json` seen: bootstraps to try while the host is down. */
const NETWORK_CACHE = 'gnet-network';
const NETWORK = '/network.json';

self.addEventListener('install', (event) => event.waitUntil(install()));
self.addEventListener('activate', (event) => event.waitUntil(dropOldVersions()));
self.addEventListener('message', (event) => {
  if (event.data === 'takeOver') void self.skipWaiting();
});
self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== 'GET' || url.origin !== self.location.origin) return;
  const path = url.pathname === '/' ? '/index.html' : url.pathname;
  if (path === NETWORK) event.respondWith(newestNetwork());
  else if (path in __APP_FILES__) event.respondWith(ownFile(path));
});

async function install(): Promise<void> {
  const cache = await caches.open(CACHE);
  await Promise.all(
    Object.entries(__APP_FILES__).map(async ([path, integrity]) => {
      const url = path === '/index.html' ? '/' : path;
      const response = await fetch(url, { integrity, cache: 'no-cache' });
      if (!response.ok) throw new Error(`${path}: the host answered ${response.status}`);
      await cache.put(path, response);
    }),
  );
}

async function dropOldVersions(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)));
}

async function ownFile(path: string): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) ?? fetch(path);
}

async function newestNetwork(): Promise<Response> {
  const cache = await caches.open(NETWORK_CACHE);
  try {
    const response = await fetch(NETWORK, { cache: 'no-store' });
    if (response.ok) await cache.put(NETWORK, response.clone());
    return response;
  } catch {
    const kept = await cache.match(NETWORK);
    return kept === undefined
      ? Response.error()
      : new Response(kept.body, { headers: { 'Content-Type': 'application/json', [KEPT_HEADER]: '1' } });
  }
}
