/**
 * The script of the keeper: a hidden frame of ours on a site's origin. It registers the site's service worker, hands it the ports
 * that the shell sends, and keeps it alive. It sees no byte of the site.
 */

import { appOriginOf } from '../shared/headers.ts';
import { SITE_WORKER } from '../shared/site-paths.ts';
import type { KeeperMessage, KeeperOrder, KeeperReport, WorkerMessage } from '../shared/site-shell.ts';

/** Chromium stops an idle service worker after 30 s; Firefox cuts its streams at 31 s unless messages come. */
const ALIVE_EVERY_MS = 10_000;

const appOrigin = appOriginOf(location.origin);

function report(message: KeeperReport): void {
  parent.postMessage(message, appOrigin);
}

async function activeWorker(): Promise<ServiceWorkerRegistration> {
  if (!('serviceWorker' in navigator)) throw new Error('this browser has no service workers here');
  // The app's host may be down: a worker that is registered already serves without it.
  await navigator.serviceWorker.register(SITE_WORKER, { updateViaCache: 'none' }).catch(async (error: unknown) => {
    if ((await navigator.serviceWorker.getRegistration()) === undefined) throw error;
  });
  return navigator.serviceWorker.ready;
}

async function keep(): Promise<void> {
  const registration = await activeWorker();
  const tell = (message: KeeperMessage, ports: Transferable[] = []): void => registration.active?.postMessage(message, ports);

  addEventListener('message', (event: MessageEvent<KeeperOrder>) => {
    if (event.origin !== appOrigin || event.source !== parent) return;
    tell(event.data, [event.data.ports.peer, event.data.ports.shell]);
  });
  navigator.serviceWorker.addEventListener('message', (event: MessageEvent<WorkerMessage>) => {
    if (event.data.type === 'portsWanted') report({ type: 'portsWanted' });
  });
  navigator.serviceWorker.startMessages();
  // A new version of the service worker begins without ports. The first one takes this page over too, and is given them anyway.
  let known = registration.active;
  navigator.serviceWorker.addEventListener('controllerchange', () => {
    if (known !== registration.active) report({ type: 'portsWanted' });
    known = registration.active;
  });
  setInterval(() => tell({ type: 'alive' }), ALIVE_EVERY_MS);
  report({ type: 'ready' });
}

keep().catch((error: unknown) => report({ type: 'failed', message: error instanceof Error ? error.message : String(error) }));
