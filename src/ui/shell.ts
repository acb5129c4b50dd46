import * as Comlink from 'comlink';
import type { TrustedKey } from '../shared/certificates.ts';
import { KEPT_HEADER, type NetworkInfo } from '../shared/network-info.ts';
import type { FetchProgress, PeerEvent, PeerStatus } from '../shared/peer-api.ts';
import type { PeerControl, PeerListener, StoredSite } from '../shared/peer-control.ts';
import { registerLabel } from './keeper-frame.ts';
import { Labels } from './labels.ts';
import { mayStartAnew, noteWorking, startAnew, watchPeer } from './peer-watch.ts';
import { pagePlatform } from './platform.ts';
import { hashOf, hostOf, parseRoute, type Route, type SiteRoute } from './route.ts';
import { changeSettings, loadSettings, type Settings } from './settings.ts';
import { SiteSession } from './site-session.ts';
import type { AppUpdate } from './app-update.ts';

const EVENTS_KEPT = 60;

/**
 * What the app shows, and what its parts ask for. No drawing here, and no network: the elements read this and are told when it
 * changes; the peer's thread does the rest.
 */
export class Shell {
  settings: Settings = { relaying: true, introduced: false, trusted: [] };
  network: NetworkInfo | undefined;
  /** False: what the app runs from, and whom it calls, is what this browser remembers. */
  hostAnswers = true;
  /** What was chosen before is known. */
  started = false;
  /** The peer was told to join. */
  joined = false;
  status: PeerStatus | undefined;
  readonly events: PeerEvent[] = [];
  /** The last of each path of the open site. */
  readonly progress = new Map<string, FetchProgress>();
  sites: StoredSite[] = [];
  route: Route = { kind: 'home' };
  site: SiteSession | undefined;
  update: AppUpdate | undefined;
  /** The peer's thread answers no more. */
  isSilent = false;
  readonly hasWebRtc = 'RTCPeerConnection' in globalThis;

  readonly #watchers = new Set<() => void>();
  readonly #labels = new Labels();
  /** A key that is trusted no longer counts in no tab. */
  readonly #trustChanges = new BroadcastChannel('gnet-trust');
  #peer: Comlink.Remote<PeerControl> | undefined;
  #hasSpares = false;

  /** @returns a call that ends it. */
  watch(onChange: () => void): () => void {
    this.#watchers.add(onChange);
    return () => this.#watchers.delete(onChange);
  }

  #changed(): void {
    for (const onChange of this.#watchers) onChange();
  }

  async start(): Promise<void> {
    addEventListener('hashchange', () => this.#follow());
    addEventListener('pagehide', () => void this.#peer?.stop());
    this.settings = await loadSettings();
    this.#trustChanges.onmessage = async () => this.#showTrusted((await loadSettings()).trusted);
    this.#peer = pagePlatform().startPeerThread();
    const listener: PeerListener = {
      onStatus: (status) => this.#onStatus(status),
      onEvent: (event) => this.#onEvent(event),
      onProgress: (progress) => this.#onProgress(progress),
    };
    await this.#peer.subscribe(Comlink.proxy(listener));
    const peer = this.#peer;
    watchPeer(
      () => peer.isThere(),
      (isSilent) => this.#onSilent(isSilent),
    );
    await this.refreshNetwork();
    await this.refreshSites();
    this.started = true;
    if (this.settings.introduced) await this.join();
    this.#follow();
  }

  /** Joins the network; by then the user has been told what that shows. */
  async join(): Promise<void> {
    if (this.joined || this.#peer === undefined) return;
    this.joined = true;
    await this.#save({ introduced: true });
    const rtc = this.hasWebRtc ? pagePlatform().webrtcPort() : undefined;
    const config = { bootstraps: this.network?.bootstraps ?? [], relaying: this.settings.relaying, rtc };
    await this.#peer.start(rtc === undefined ? config : Comlink.transfer(config, [rtc]));
    this.#follow();
  }

  async setRelaying(relaying: boolean): Promise<void> {
    await this.#save({ relaying });
    if (this.joined) await this.#peer?.setRelaying(relaying);
  }

  async #save(change: Partial<Settings>): Promise<void> {
    this.settings = { ...this.settings, ...change };
    this.#changed();
    await changeSettings(this.settings, () => change);
  }

  /** @throws what `change` throws. */
  async changeTrusted(change: (list: TrustedKey[]) => TrustedKey[]): Promise<void> {
    const { trusted } = await changeSettings(this.settings, (kept) => ({ trusted: change(kept.trusted) }));
    this.#showTrusted(trusted);
    this.#trustChanges.postMessage('changed');
  }

  #showTrusted(trusted: TrustedKey[]): void {
    this.settings = { ...this.settings, trusted };
    this.#changed();
  }

  /** Shows another page of the app; the browser's back button leads back. */
  go(route: Route, replaces = false): void {
    const hash = hashOf(route);
    if (location.hash === hash) this.#follow();
    else if (replaces) location.replace(hash);
    else location.hash = hash;
  }

  reload(): void {
    if (this.site === undefined || this.site.view.failure !== undefined) this.#leaveSite();
    else return this.site.show(this.site.view.path);
    this.#follow();
  }

  async forget(address: string): Promise<void> {
    await this.#peer?.forgetSite(address);
    await this.#labels.forget(address);
    await this.refreshSites();
  }

  async refreshNetwork(): Promise<void> {
    const fetched = await fetchNetwork();
    this.hostAnswers = fetched?.kept === false;
    this.network = fetched?.network ?? this.network;
    this.#changed();
  }

  async refreshSites(): Promise<void> {
    this.sites = (await this.#peer?.storedSites()) ?? [];
    this.#changed();
  }

  #follow(): void {
    this.route = parseRoute(location.hash);
    if (this.route.kind === 'site' && this.joined) this.#showSite(this.route);
    else if (this.route.kind !== 'outside') this.#leaveSite();
    if (this.route.kind === 'home' && this.joined) {
      void this.refreshSites();
      void this.refreshNetwork(); // a demo may have come since
    }
    this.#changed();
  }

  #showSite(route: SiteRoute): void {
    const { path } = route;
    if (this.site?.view.host === hostOf(route)) {
      if (this.site.view.path !== path || this.site.view.failure !== undefined) this.site.show(path);
      return;
    }
    this.#leaveSite();
    if (this.#peer === undefined) return;
    this.site = new SiteSession(this.#peer, route, {
      onChange: () => this.#changed(),
      onAsked: (asked, isRedirect) => this.go({ ...route, path: asked }, isRedirect),
      onOutside: (url) => this.#leaveFor(url),
    });
    void this.site.open(this.#labels);
  }

  /** A link to another hidden site is followed, one to the clear net is asked about. */
  #leaveFor(url: string): void {
    const linked = parseRoute(`#/open/${url}`);
    this.go(linked.kind === 'site' ? linked : { kind: 'outside', url });
  }

  #leaveSite(): void {
    this.site?.close();
    this.site = undefined;
    this.progress.clear();
  }

  #onStatus(status: PeerStatus): void {
    this.status = status;
    if (status.join.step === 'ready' && !this.#hasSpares) {
      this.#hasSpares = true; // not before: joining comes first
      if (noteWorking()) this.#onEvent({ atMs: Date.now(), kind: 'warning', text: 'this tab’s peer had stopped, and was started anew' });
      void this.#labels.fillSpares(registerLabel).catch(() => {}); // without spares, sites open more slowly
    }
    this.#changed();
  }

  /** Before it has joined nothing is lost by another try; later the user decides. */
  #onSilent(isSilent: boolean): void {
    this.isSilent = isSilent;
    if (isSilent && !this.#hasSpares && mayStartAnew()) startAnew();
    this.#changed();
  }

  #onEvent(event: PeerEvent): void {
    this.events.unshift(event);
    this.events.length = Math.min(this.events.length, EVENTS_KEPT);
    this.#changed();
  }

  #onProgress(progress: FetchProgress): void {
    if (progress.address !== this.site?.view.address) return;
    this.progress.set(progress.path, progress);
    this.#changed();
  }

  noteUpdate(update: AppUpdate): void {
    this.update = update;
    this.#changed();
  }
}

/** `kept`: from the service worker's copy. Undefined when there is none either. */
async function fetchNetwork(): Promise<{ network: NetworkInfo; kept: boolean } | undefined> {
  try {
    const response = await fetch('/network.json');
    if (!response.ok) return undefined;
    return { network: (await response.json()) as NetworkInfo, kept: response.headers.has(KEPT_HEADER) };
  } catch {
    return undefined; // the host is down: the peer dials whom it remembers
  }
}
