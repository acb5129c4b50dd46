import type { Remote } from 'comlink';
import type { PeerControl } from '../shared/peer-control.ts';

/** What only a page has and the interface needs; how it is made is not the interface's business, so the page's entry hands it in. */
export interface PagePlatform {
  /** A worker with a peer in it. */
  startPeerThread(): Remote<PeerControl>;
  /** The worker's end of a new WebRTC bridge; undefined where this browser has no WebRTC. */
  webrtcPort(): MessagePort | undefined;
}

let given: PagePlatform | undefined;

export function providePlatform(platform: PagePlatform): void {
  given = platform;
}

/** @throws Error before the page's entry has run. */
export function pagePlatform(): PagePlatform {
  if (given === undefined) throw new Error('the page has not said yet what it is: src/page/main.ts comes first');
  return given;
}
