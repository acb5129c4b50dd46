/**
 * Contract 1: the shell's page and the peer's worker. Control calls only, over comlink; what moves bytes has a MessagePort of
 * its own (`site-port.ts` for a site's service worker, `adapters/webrtc-bridge` for data channels). Types only.
 *
 * The worker exposes one `PeerControl` with `Comlink.expose`. The page wraps it. Each tab has a worker, and so a peer, of its
 * own; the tabs of one profile share the store, and a Web Lock held in the worker says which of them relays and publishes.
 */

import type { Bootstrap } from './network-info.ts';
import type { Outcome } from './outcome.ts';
import type { CarriedCertificate, FetchProgress, PeerEvent, PeerStatus } from './peer-api.ts';

/** Sent from the page to the worker, once, before any other call. */
export interface PeerConfig {
  bootstraps: Bootstrap[];
  relaying: boolean;
  /** The page's end of the WebRTC bridge is connected to `rtc`; without it the peer uses WebSockets alone. */
  rtc: MessagePort | undefined;
}

/** Called by the worker in the page (a comlink proxy). Nothing waits for these calls. */
export interface PeerListener {
  /** After each change, at most four times a second. */
  onStatus(status: PeerStatus): void;
  onEvent(event: PeerEvent): void;
  /** While something is fetched for a site that is open, at most four times a second, and once at the end. */
  onProgress(progress: FetchProgress): void;
}

/** What the shell shows about a site. */
export type SiteInfo = SignedSiteInfo | LiveSiteInfo | InboxInfo;

/** A live service: nothing is known of it before it is asked, and nothing of it is kept. */
export interface LiveSiteInfo {
  kind: 'live';
  address: string;
}

/** What takes messages, and shows nothing. */
export interface InboxInfo {
  kind: 'inbox';
  address: string;
}

export interface SignedSiteInfo {
  kind: 'signed';
  address: string;
  title: string;
  /** Of the version shown; it only grows. */
  serial: number;
  createdMs: number;
  files: number;
  sizeBytes: number;
  /** All of it came from this browser's store, without the network. */
  fromStore: boolean;
  /** Two manifests with this serial exist: somebody signed both. The shell shows it. */
  conflict: boolean;
}

/** A site of which something is in the store. */
export interface StoredSite {
  address: string;
  title: string;
  serial: number;
  visitedMs: number;
  storedBytes: number;
  sizeBytes: number;
}

/** What became of an invitation. */
export interface KeptInvitation {
  /** Where it leads. */
  address: string;
  /** False: there is another one to this address, and it stays. */
  isKept: boolean;
}

/** Called by the page, answered by the worker. No call throws; failure is data. */
export interface PeerControl {
  /** Starts the peer once; a second call changes nothing. Resolves at once: how joining goes is told to listeners. */
  start(config: PeerConfig): Promise<Outcome<undefined>>;
  /** Tells the listener the present status and, from now on, all that happens. Listeners live as long as the worker. */
  subscribe(listener: PeerListener): Promise<void>;
  /** Resolves at once, if the thread works at all. */
  isThere(): Promise<void>;
  /**
   * Gets the site's newest manifest that can be had and verifies it; begins to fetch `path` (the first request rides in the
   * circuit's setup) without waiting for it. Falls back to the store when the network has nothing newer. Of a live service nothing is fetched;
   * it alone has other ports than 80.
   * Fails with: malformed (the address) | unknown | unserved | unverified | unreachable | timeout | clock.
   */
  openSite(address: string, path: string, port: number): Promise<Outcome<SiteInfo>>;
  /**
   * What the site that is open carries, once it has said so, with its signatures checked; nothing where it cannot be asked. Whom the user
   * trusts the worker does not know.
   */
  certificates(address: string): Promise<readonly CarriedCertificate[]>;
  /**
   * The same, asked before anything else is: for who goes to no site without one that holds. Fails with: malformed (the address) | unknown |
   * unserved | refused (not invited) | unreachable | timeout | closed.
   */
  askCertificates(address: string): Promise<Outcome<readonly CarriedCertificate[]>>;
  /**
   * One end of a new channel that speaks `site-port.ts`; the other end stays with the peer. Transferred. To be asked for anew
   * whenever the site's service worker was restarted; older ports of the same site go on working until they are collected.
   */
  sitePort(address: string, port: number): Promise<MessagePort>;
  /** No frame shows the site any longer: its circuits may go. What is stored stays. */
  closeSite(address: string): Promise<void>;
  storedSites(): Promise<StoredSite[]>;
  /** Deletes what is stored of a site, its trace in the list included. */
  forgetSite(address: string): Promise<Outcome<undefined>>;
  /**
   * Keeps an invitation for visits from this browser, before `start` too. @param text as it was given, or its link. @param replaces another one to
   * its address, which stays otherwise. Fails with: malformed | full.
   */
  keepInvitation(text: string, replaces: boolean): Promise<Outcome<KeptInvitation>>;
  /** Addresses to which one is kept. Its secret never comes back to the page. */
  invitations(): Promise<string[]>;
  /** Removes the one to this address; the visit by it ends. */
  forgetInvitation(address: string): Promise<Outcome<undefined>>;
  /** Whether the live service that is open there takes messages. Fails with: refused (not let in any longer) | closed | and as `openSite`. */
  isInbox(address: string): Promise<Outcome<boolean>>;
  /**
   * Sends a text by a circuit of its own; resolves when the inbox has said that it keeps it. `isSigned`: by this browser's key for that inbox.
   * Fails with: malformed (address or text) | unknown | unserved | timeout | refused (no inbox, or not invited) | full | unsupported | closed | unreachable.
   */
  sendMessage(address: string, text: string, isSigned: boolean): Promise<Outcome<undefined>>;
  /** The public key, in base32, of which this browser signs to that inbox; undefined when there is none yet. */
  signer(address: string): Promise<string | undefined>;
  /** Removes it: what is signed later is of another key. */
  forgetSigner(address: string): Promise<void>;
  /** Off: no descriptor is published, no offer answered, no circuit of others accepted. */
  setRelaying(relaying: boolean): Promise<Outcome<undefined>>;
  /** Tears down at once: the page is going away or the user leaves the network. `start` may follow. */
  stop(): Promise<void>;
}
