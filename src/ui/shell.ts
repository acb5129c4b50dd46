import * as Comlink from 'comlink';
import type { NetworkInfo } from '../shared/network-info.ts';
import type { FetchProgress, PeerEvent, PeerStatus } from '../shared/peer-api.ts';
import type { PeerControl, PeerListener, StoredSite } from '../shared/peer-control.ts';
import { registerLabel } from './keeper-frame.ts';
import { fetchNetwork } from './fetch-network.ts';
import { Labels } from './labels.ts';
import { mayStartAnew, noteWorking, startAnew, watchPeer } from './peer-watch.ts';
import { pagePlatform } from './platform.ts';
import { isMeantAsInvitation } from '../shared/links.ts';
import type { Failure } from '../shared/outcome.ts';
import { hashOf, hostOf, parseRoute, type Route, type SiteRoute, TAKEN } from './route.ts';
import { ChosenSettings, type Settings } from './settings.ts';
import { SiteSession } from './site-session.ts';
import type { AppUpdate } from './app-update.ts';

const EVENTS_KEPT = 60;

/**
 * What the app shows, and what its parts ask for. No drawing here, and no network: the elements read this and are told when it
 * changes; the peer's thread does the rest.
 */
export class Shell {
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
  /** For what only one element asks. */
  peer: Comlink.Remote<PeerControl> | undefined;
  readonly hasWebRtc = 'RTCPeerConnection' in globalThis;

  readonly #watchers = new Set<() => void>();
  readonly #labels = new Labels();
  readonly #chosen = new ChosenSettings(() => this.#changed());
  #hasSpares = false;
  /** A link with an invitation, which the URL holds no longer. */
  #link: string | undefined;

  get settings(): Settings {
    return this.#chosen.shown;
  }

  /** @returns a call that ends it. */
  watch(onChange: () => void): () => void {
    this.#watchers.add(onChange);
    return () => this.#watchers.delete(onChange);
  }

  #changed(): void {
    for (const onChange of this.#watchers) onChange();
  }

  async start(): Promise<void> {
    this.#takeLink(); // before anything is waited for
    addEventListener('hashchange', () => this.#follow());
    addEventListener('pagehide', () => void this.peer?.stop());
    await this.#chosen.load();
    this.peer = pagePlatform().startPeerThread();
    const listener: PeerListener = {
      onStatus: (status) => this.#onStatus(status),
      onEvent: (event) => this.#onEvent(event),
      onProgress: (progress) => this.#onProgress(progress),
    };
    await this.peer.subscribe(Comlink.proxy(listener));
    const peer = this.peer;
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
    if (this.joined || this.peer === undefined) return;
    this.joined = true;
    await this.#chosen.save({ introduced: true });
    const rtc = this.hasWebRtc ? pagePlatform().webrtcPort() : undefined;
    const config = { bootstraps: this.network?.bootstraps ?? [], relaying: this.settings.relaying, rtc };
    await this.peer.start(rtc === undefined ? config : Comlink.transfer(config, [rtc]));
    this.#follow();
  }

  async setRelaying(relaying: boolean): Promise<void> {
    await this.#chosen.save({ relaying });
    if (this.joined) await this.peer?.setRelaying(relaying);
  }

  /** @throws what `change` throws. */
  changeTrust(change: (kept: Settings) => Partial<Settings>): Promise<void> {
    return this.#chosen.changeTrust(change);
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

  /**
   * Keeps an invitation and goes where it leads. Where another one is kept to that address the user is asked, unless it `replaces` that.
   * @returns what is wrong with it.
   */
  async acceptInvitation(text: string, { isLink = false, replaces = false } = {}): Promise<Failure | undefined> {
    const outcome = await this.peer?.keepInvitation(text, replaces);
    if (outcome === undefined || !outcome.ok) return outcome;
    const { address, isKept } = outcome.value;
    if (!isKept) return void this.#show({ kind: 'invitation', address, text });
    this.#leaveSite(); // what was refused without it is asked for again
    this.go({ kind: 'site', address, path: '/' }, isLink);
    return undefined;
  }

  async forget(address: string): Promise<void> {
    await this.peer?.forgetSite(address);
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
    this.sites = (await this.peer?.storedSites()) ?? [];
    this.#changed();
  }

  /** Its secret is to stand neither in the bar of the browser nor in this tab's history. */
  #takeLink(): void {
    if (!isMeantAsInvitation(location.hash)) return;
    this.#link = location.hash;
    history.replaceState(null, '', TAKEN);
  }

  #follow(): void {
    this.#takeLink();
    const link = this.#link;
    if (link !== undefined && this.started) {
      this.#link = undefined;
      return void this.#acceptLink(link);
    }
    this.#show(parseRoute(location.hash));
  }

  async #acceptLink(link: string): Promise<void> {
    const failure = await this.acceptInvitation(link, { isLink: true });
    if (failure !== undefined) this.#show({ kind: 'wrong', failure: { ...failure, title: 'This invitation cannot be used' }, text: '' });
  }

  #show(route: Route): void {
    this.route = route;
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
    if (this.peer === undefined) return;
    this.site = new SiteSession(this.peer, route, {
      onChange: () => this.#changed(),
      onAsked: (asked, isRedirect) => this.go({ ...route, path: asked }, isRedirect),
      onOutside: (url) => this.#leaveFor(url),
    });
    const { certifiedOnly, trusted } = this.settings;
    void this.site.open(this.#labels, certifiedOnly ? trusted : undefined);
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
