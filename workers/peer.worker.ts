import { expose } from 'comlink';
import { TabPeer } from './tab-peer.ts';

/** The peer's thread: the page calls it by src/shared/peer-control.ts. */
expose(new TabPeer());
