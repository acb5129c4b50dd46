import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import type { FrameOrder, FrameReport, SitePorts, WorkerMessage } from '../../src/shared/site-shell.ts';
import { decodeAddress, siteHost } from '../../src/core/wire/address.ts';
import { appOriginOf } from '../../src/shared/headers.ts';
import { giveFile } from './give-file.ts';
import { LiveSite } from './live-site.ts';
import { SitePeer } from './site-peer.ts';
import { VerifiedSite } from './verified-site.ts';

declare const self: ServiceWorkerGlobalScope;

/** A keeper answers in milliseconds; a shell that is starting takes longer. */
const PORTS_WAIT_MS = 15_000;

/** What a service worker that serves a site holds. It has all of it from the shell, and loses it whenever the browser stops it. */
export interface Connected {
  /** The site of this origin: an address, with its port where that is not 80. */
  readonly host: string;
  readonly site: VerifiedSite;
  /** Asked instead where `site` has nothing signed. */
  readonly live: LiveSite;
  /** The path and query that the frame may show. */
  shown: string;
  report(report: FrameReport): void;
}

/** The ports of this origin's site, asked for when they are missing. */
export class SitePortsHolder {
  #connected: Connected | undefined;
  readonly #waiting = new Set<(connected: Connected) => void>();

  /** New ports replace old ones: after a reload the old ones lead nowhere. @throws TypeError for another address: an origin has one site. */
  accept({ address, port, peer, shell, path }: SitePorts): void {
    const host = siteHost(address, port);
    if (this.#connected !== undefined && this.#connected.host !== host) throw new TypeError('this origin belongs to another site');
    const sitePeer = new SitePeer(peer);
    const connected: Connected = {
      host,
      site: new VerifiedSite(decodeAddress(address), sitePeer),
      live: new LiveSite(host, appOriginOf(self.location.origin), sitePeer),
      shown: normalPath(path),
      report: (report) => shell.postMessage(report),
    };
    shell.onmessage = ({ data }: MessageEvent<FrameOrder>) => {
      if (data.type === 'save') return giveFile(connected, new URL(data.path, self.location.origin), data.port, data.have);
      connected.shown = normalPath(data.path);
      connected.report({ type: 'showing', path: data.path });
    };
    this.#connected = connected;
    for (const resolve of this.#waiting) resolve(connected);
    this.#waiting.clear();
    connected.report({ type: 'listening' });
  }

  /** @throws GlobalNetError `closed` when no shell shows this site. */
  async get(): Promise<Connected> {
    if (this.#connected !== undefined) return this.#connected;
    const keepers = await self.clients.matchAll({ includeUncontrolled: true });
    for (const keeper of keepers) keeper.postMessage({ type: 'portsWanted' } satisfies WorkerMessage);
    const none = new GlobalNetError('closed', 'No window of the app shows this site.');
    if (keepers.length === 0) throw none;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(settle);
        reject(none);
      }, PORTS_WAIT_MS);
      const settle = (connected: Connected): void => {
        clearTimeout(timer);
        resolve(connected);
      };
      this.#waiting.add(settle);
    });
  }
}

/** Path and query as the browser will send them. */
function normalPath(path: string): string {
  const { pathname, search } = new URL(path, self.location.origin);
  return pathname + search;
}
