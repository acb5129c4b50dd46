/**
 * Contract 2: a site's service worker and the peer, over the MessagePort that `PeerControl.sitePort` made. Types only.
 *
 * The port belongs to one address. The service worker believes nothing of what comes here: it verifies the manifest's signature
 * against the address it was told by the shell, and each chunk's hash against the manifest. It holds no chunk; the peer's store
 * is the only one. Several requests run at once, told apart by `id`, which the service worker counts up.
 *
 *   service worker                                 peer
 *     manifest {id, have}             →
 *                                     ←     manifest {id, bytes | undefined}
 *     file {id, manifest, path, …}    →
 *     pull {id, chunks: 4}            →
 *                                     ←     chunk {id, index, bytes} …
 *     pull {id, chunks: 1}            →
 *                                     ←     chunk {id, index, bytes} …
 *                                     ←     end {id}
 *
 * A live service has no manifest: it is asked as a web server is, and its answers are taken as they come.
 *
 *     manifest {id, have}             →
 *                                     ←     live {id}
 *     http {id, request}              →
 *     pull {id, chunks: 8}            →
 *                                     ←     head {id, head}
 *                                     ←     chunk {id, index, bytes} …
 *                                     ←     end {id}
 */

import type { HttpAnswerHead, HttpRequest } from '../core/http/types.ts';
import type { Failure } from './outcome.ts';

export type { HttpAnswerHead, HttpRequest };

/** Sent from the service worker to the peer. */
export type SiteRequest =
  /** What is the newest manifest? `have`: base32 of the hash of the one that is held here. */
  | { type: 'manifest'; id: number; have: string | undefined }
  /** Chunks `firstChunk` to `endChunk` (not included) of a file, by its path in the manifest with that hash. */
  | { type: 'file'; id: number; manifest: string; path: string; firstChunk: number; endChunk: number }
  /** A request to a live service. */
  | { type: 'http'; id: number; request: HttpRequest }
  /** So many chunks more may be sent. Nothing is sent before the first `pull`. */
  | { type: 'pull'; id: number; chunks: number }
  /** Nobody wants the rest. */
  | { type: 'cancel'; id: number };

/** Sent from the peer to the service worker. */
export type SiteAnswer =
  /** The signed manifest; undefined when `have` is the newest. */
  | { type: 'manifest'; id: number; bytes: Uint8Array | undefined }
  /** There is none: a live service answers at this address. */
  | { type: 'live'; id: number }
  /** What a live service's answer begins with; its body follows as chunks of any length. */
  | { type: 'head'; id: number; head: HttpAnswerHead }
  /** One whole chunk, in order. Its buffer is transferred: it holds this chunk alone. */
  | { type: 'chunk'; id: number; index: number; bytes: Uint8Array }
  /** All chunks were sent. */
  | { type: 'end'; id: number }
  /** Ends a request, whichever it was. */
  | ({ type: 'failed'; id: number } & Failure);
