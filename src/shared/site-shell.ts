/**
 * Contract 3: the shell, the keeper frame on a site's origin, and the site's service worker. Types only.
 *
 *   shell  ── window.postMessage ──  keeper  ── postMessage ──  service worker
 *   shell  ══ MessagePort `shell` ═════════════════════════════  service worker
 *   peer  ══ MessagePort `peer` (site-port.ts) ═══════════════  service worker
 *
 * Shell and keeper are on different origins: each checks `event.origin` and `event.source` of every message, and neither posts
 * to `'*'`. A service worker dies when it has nothing to do and forgets its ports; it asks its keepers, the keeper asks the
 * shell, and the shell sends a new pair.
 */

import type { Failure } from './outcome.ts';
import type { SiteAnswer } from './site-port.ts';

/** What a service worker needs to serve a site. */
export interface SitePorts {
  /** The site of this origin, until the origin is given up: a service worker refuses another address. */
  address: string;
  /** The address's, at which a live service is asked. As much the site of this origin as the address is. */
  port: number;
  /** Speaks `SiteRequest` and `SiteAnswer`. */
  peer: MessagePort;
  /** Speaks `FrameOrder` and `FrameReport`. */
  shell: MessagePort;
  /** The path that the content frame is to show. */
  path: string;
}

/** Sent from the keeper to the shell. */
export type KeeperReport =
  /** The service worker is active and may be given ports. */
  | { type: 'ready' }
  /** The service worker has lost its ports. */
  | { type: 'portsWanted' }
  /** No service worker could be registered here. */
  | { type: 'failed'; message: string };

/** Sent from the shell to the keeper, which hands it to the service worker. */
export type KeeperOrder = { type: 'ports'; ports: SitePorts };

/** Sent from the keeper to the service worker. */
export type KeeperMessage = KeeperOrder /** Keeps the service worker alive; every ten seconds. */ | { type: 'alive' };

/** Sent from the service worker to its keepers. */
export type WorkerMessage = { type: 'portsWanted' };

/** Sent from the shell to the service worker. */
export type FrameOrder =
  /** The content frame will now load this path; any other top navigation of it is refused and reported as `asked`. */
  | { type: 'show'; path: string }
  /** The file that was offered at this path: its bytes go to `port`, which is asked as site-port.ts says, with any id, and speaks `FileAnswer`. */
  | { type: 'save'; path: string; port: MessagePort; have: SavedPart | undefined };

/** What has come of a file before it broke off, from its beginning on. */
export interface SavedPart {
  sizeBytes: number;
  /** Of the file it is of. */
  validator: string;
}

/** Sent from the service worker to whoever saves a file: what comes, then an answer of site-port.ts. */
export type FileAnswer =
  | {
      type: 'file';
      /** Where in the file the bytes begin that follow: behind what one has, or at its beginning. */
      fromBytes: number;
      /** Of the whole file; undefined: only its end will tell. */
      sizeBytes: number | undefined;
      /** Tells this file from any other at its place; undefined where nobody does: it cannot be gone on with. */
      validator: string | undefined;
    }
  | SiteAnswer;

/** A file that is not shown in a frame, and may be saved. */
export interface OfferedFile {
  /** Fit to be a file's name on any system: no path, nothing that hides. */
  name: string;
  /** `type/subtype`; undefined when nobody says. */
  mediaType: string | undefined;
  /** Undefined: only its end will tell. */
  sizeBytes: number | undefined;
  /** It comes from a live service: signed by nobody. */
  isLive: boolean;
}

/** Sent from the service worker to the shell. */
export type FrameReport =
  /** The ports arrived. */
  | { type: 'listening' }
  /** A `show` arrived: a navigation takes another way than messages, and might overtake it. */
  | { type: 'showing'; path: string }
  /** A navigation of the content frame was answered here, and not by the host of the app. `isLive`: by a live service, so signed by nobody. */
  | { type: 'answered'; path: string; status: number; isLive: boolean }
  /** What lies at this path is a file and not a page; the service worker left the frame where it was. Nothing is saved before `save`. */
  | { type: 'offered'; path: string; file: OfferedFile }
  /** A form's data is on its way to a live service; `asked` or `failed` follows. */
  | { type: 'sending' }
  /**
   * A link or form of the site leads here; the service worker left the frame where it was. `isRedirect`: the path asked before is
   * this one, better spelled, and has no place of its own in the history.
   */
  | { type: 'asked'; path: string; isRedirect: boolean }
  /** A link of the site leads out of it: to the shell to ask. */
  | { type: 'outside'; url: string }
  /** Nothing could be shown for this path. With `unverified`, what came is not what the author signed; `detail` says what differs. */
  | ({ type: 'failed'; path: string } & Failure);
