import { transfer } from 'comlink';
import { serveSitePort } from '../src/adapters/serve-site-port.ts';
import { loadSodiumCrypto } from '../src/adapters/sodium-crypto.ts';
import { WebRtcBridge } from '../src/adapters/webrtc-bridge-worker.ts';
import { webSocketDialer } from '../src/adapters/websocket-transport.ts';
import { tabEnv } from '../src/adapters/worker/tab-env.ts';
import type { PeerId } from '../src/core/bytes/brand.ts';
import { GlobalNetError } from '../src/core/bytes/errors.ts';
import { lazySetupCrypto } from '../src/core/circuit/index.ts';
import { newIdentity } from '../src/core/crypto/identity.ts';
import { rtcBinding } from '../src/core/link/index.ts';
import type { FetchProgress, Messages } from '../src/core/peer/index.ts';
import { Peer } from '../src/core/peer/peer.ts'; // by its file: what else the folder has comes when it is wanted
import type { Outcome } from '../src/shared/outcome.ts';
import { outcomeOf } from '../src/shared/outcome.ts';
import type { CarriedCertificate } from '../src/shared/peer-api.ts';
import type { KeptInvitation, PeerConfig, PeerControl, PeerListener, SiteInfo, StoredSite } from '../src/shared/peer-control.ts';
import { forgetInvitation, invitedTo, keptInvitation } from './kept-invitations.ts';
import { relayingTurn } from './relaying-turn.ts';
import { readSite, siteSource, storedSites } from './site-answers.ts';
import { forgetSigningKey, signerOf, signingKey } from './signing-keys.ts';
import { openStore } from './tab-store.ts';
import { Throttle } from './throttle.ts';

/** Links a tab holds at most: about ten of its own, and some that others opened. */
const MAX_LINKS = 16;
const TELL_EVERY_MS = 250;
/** What the panel shows grows older, and carries more bytes, without any event. */
const TELL_AT_LEAST_EVERY_MS = 1000;

/** The tab's peer behind the contract that its page calls. */
export class TabPeer implements PeerControl {
  readonly #env = tabEnv();
  readonly #listeners = new Set<PeerListener>();
  readonly #tellStatus = new Throttle(TELL_EVERY_MS, () => this.#tell((listener) => this.#peer && listener.onStatus(this.#status())));
  readonly #progress = new Map<string, FetchProgress>();
  readonly #tellProgress = new Throttle(TELL_EVERY_MS, () => this.#flushProgress());
  /** Opened before the peer starts: an invitation may come first. */
  readonly #store = openStore();
  #starting: Promise<Peer> | undefined;
  #peer: Peer | undefined;
  #sends: { readonly by: Peer; readonly messages: Messages } | undefined;
  #leader = false;
  #wantsRelaying = false;
  #endTurn: (() => void) | undefined;

  start(config: PeerConfig): Promise<Outcome<undefined>> {
    return outcomeOf(async () => {
      this.#starting ??= this.#start(config).catch((error) => {
        this.#starting = undefined;
        throw error;
      });
      await this.#starting;
      return undefined;
    });
  }

  async #start(config: PeerConfig): Promise<Peer> {
    const env = this.#env;
    const { records, chunks, kept } = await this.#store;
    const rtc = config.rtc && new WebRtcBridge(config.rtc, (offerer, answerer) => rtcBinding(env.crypto, offerer, answerer));
    const peer = await Peer.create({
      env,
      identity: newIdentity(env),
      keepsIdentity: false,
      records,
      chunks,
      setupCrypto: lazySetupCrypto(async (onDeath) => (await import('./setup-thread.ts')).startSetupThread(onDeath)),
      dialers: [webSocketDialer],
      rtc,
      bootstraps: config.bootstraps.map(({ url, peer: id }) => ({ url, peer: id as PeerId | undefined })),
      self: { roles: 0, addresses: rtc === undefined ? [] : [{ kind: 'mesh' }], operator: '' },
      relaying: false,
      maxLinks: MAX_LINKS,
      cover: !savesData(),
      privateAddresses: config.bootstraps.every(({ url }) => /^wss?:\/\/(127\.|localhost)/.test(url)),
      invitationTo: (address) => keptInvitation(records, address),
      holder: async () => (await import('./profile-holder.ts')).profileHolder(records, env),
      digest: async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)),
      onProgress: (progress) => {
        this.#progress.set(`${progress.address}/${progress.path}`, progress);
        this.#tellProgress.ask();
      },
    });
    this.#peer = peer;
    this.#wantsRelaying = config.relaying;
    peer.events.listen((event) => {
      if (event !== undefined) this.#tell((listener) => listener.onEvent(event));
      this.#tellStatus.ask();
    });
    if (!kept)
      peer.events.add('warning', 'this browser gives no lasting storage: guards are drawn anew at each start, which protects less');
    await peer.start();
    this.#loadFasterCrypto(peer);
    this.#endTurn = relayingTurn((isOurs) => {
      this.#leader = isOurs;
      void peer.setRelaying(isOurs && this.#wantsRelaying);
    });
    return peer;
  }

  /** Not before the first link stands: what loads earlier makes everybody wait. */
  #loadFasterCrypto(peer: Peer): void {
    const stop = peer.events.listen(() => {
      if (peer.links.count === 0) return;
      stop();
      loadSodiumCrypto().then(
        (sodium) => void (this.#env.crypto = sodium),
        () => this.#env.log('info', 'crypto', 'libsodium did not load: @noble goes on'),
      );
    });
  }

  /** Not before one is written: nobody needs them to join. */
  async #messages(): Promise<Messages> {
    const { Messages } = await import('../src/core/peer/messages.ts');
    const peer = this.#running();
    if (this.#sends?.by !== peer) this.#sends = { by: peer, messages: peer.visitBy((visiting) => new Messages(visiting)) };
    return this.#sends.messages;
  }

  #running(): Peer {
    if (this.#peer === undefined) throw new GlobalNetError('unreachable', 'the peer has not started yet');
    return this.#peer;
  }

  #status(): ReturnType<Peer['status']> {
    return { ...this.#running().status(), leader: this.#leader };
  }

  #tell(call: (listener: PeerListener) => void): void {
    for (const listener of this.#listeners) call(listener);
  }

  #flushProgress(): void {
    for (const progress of this.#progress.values()) this.#tell((listener) => listener.onProgress(progress));
    this.#progress.clear();
  }

  async subscribe(listener: PeerListener): Promise<void> {
    if (this.#listeners.size === 0) setInterval(() => this.#tellStatus.ask(), TELL_AT_LEAST_EVERY_MS);
    this.#listeners.add(listener);
    if (this.#peer === undefined) return;
    listener.onStatus(this.#status());
    for (const event of this.#peer.events.recent) listener.onEvent(event);
  }

  async isThere(): Promise<void> {}

  openSite(address: string, path: string, port: number): Promise<Outcome<SiteInfo>> {
    return outcomeOf(() => readSite(this.#running(), address, path, port));
  }

  async certificates(address: string): Promise<readonly CarriedCertificate[]> {
    return this.#peer?.sites.certificates(address) ?? [];
  }

  askCertificates(address: string): Promise<Outcome<readonly CarriedCertificate[]>> {
    return outcomeOf(() => this.#running().sites.askCertificates(address));
  }

  async sitePort(address: string, port: number): Promise<MessagePort> {
    const { port1, port2 } = new MessageChannel();
    serveSitePort(port1, siteSource(this.#running().sites.open(address), port));
    return transfer(port2, [port2]);
  }

  async closeSite(address: string): Promise<void> {
    this.#peer?.sites.close(address);
  }

  async storedSites(): Promise<StoredSite[]> {
    return this.#peer === undefined ? [] : storedSites(this.#peer);
  }

  forgetSite(address: string): Promise<Outcome<undefined>> {
    return outcomeOf(async () => {
      await this.#running().sites.forget(address);
      return undefined;
    });
  }

  keepInvitation(text: string, replaces: boolean): Promise<Outcome<KeptInvitation>> {
    return outcomeOf(async () => (await import('./keep-invitation.ts')).keepInvitation((await this.#store).records, text, replaces));
  }

  async invitations(): Promise<string[]> {
    return invitedTo((await this.#store).records);
  }

  forgetInvitation(address: string): Promise<Outcome<undefined>> {
    return outcomeOf(async () => {
      await forgetInvitation((await this.#store).records, address);
      this.#peer?.sites.close(address); // with it ends what it opened
      return undefined;
    });
  }

  isInbox(address: string): Promise<Outcome<boolean>> {
    return outcomeOf(async () => (await this.#messages()).isInbox(this.#running().sites.open(address).visit));
  }

  sendMessage(address: string, text: string, isSigned: boolean): Promise<Outcome<undefined>> {
    return outcomeOf(async () => {
      const messages = await this.#messages();
      const { records } = await this.#store;
      await messages.send(address, text, isSigned ? await signingKey(records, this.#env, address) : undefined);
      return undefined;
    });
  }

  async signer(address: string): Promise<string | undefined> {
    return signerOf((await this.#store).records, this.#env, address);
  }

  async forgetSigner(address: string): Promise<void> {
    await forgetSigningKey((await this.#store).records, address);
  }

  setRelaying(relaying: boolean): Promise<Outcome<undefined>> {
    return outcomeOf(async () => {
      this.#wantsRelaying = relaying;
      if (this.#leader) await this.#running().setRelaying(relaying);
      return undefined;
    });
  }

  async stop(): Promise<void> {
    // A start that is under way would go on with nobody to stop it.
    await this.#starting?.catch(() => undefined);
    this.#endTurn?.();
    this.#leader = false;
    const peer = this.#peer;
    this.#peer = this.#starting = undefined;
    await peer?.stop();
  }
}

/** The user has asked the browser to send and load no more than it must; Firefox does not say. */
function savesData(): boolean {
  return (navigator as { connection?: { saveData?: boolean } }).connection?.saveData === true;
}
