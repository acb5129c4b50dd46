import * as Comlink from 'comlink';
import type { PeerControl } from '../shared/peer-control.ts';

/** The peer runs in a worker: on the page's thread it would keep the page busy (docs/decisions). */
export function startPeerThread(): Comlink.Remote<PeerControl> {
  const worker = new Worker(new URL('../../workers/peer.worker.ts', import.meta.url), { type: 'module', name: 'peer' });
  return Comlink.wrap<PeerControl>(worker);
}
