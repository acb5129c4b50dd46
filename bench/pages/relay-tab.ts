import { transfer, wrap } from 'comlink';
import { WebRtcBridgePage } from '../../src/adapters/webrtc-bridge-page.ts';
import { pageWebRtc } from '../../src/adapters/webrtc-page.ts';
import { concat, fromHex, hex } from '../../src/core/bytes/bytes.ts';
import type { RelayTabPort } from '../relay-tab-port.ts';
import type { RelayTabThread } from './relay-tab.worker.ts';

/** The page of a relay in a tab. */
const worker = new Worker(new URL('./relay-tab.worker.ts', import.meta.url), { type: 'module' });
const thread = wrap<RelayTabThread>(worker);
const { port1, port2 } = new MessageChannel();
const bridge = new WebRtcBridgePage(port1, pageWebRtc({ bind: concat }));

// Held by the page: nobody else does.
(globalThis as { relayBridge?: WebRtcBridgePage }).relayBridge = bridge;

const relayTab: RelayTabPort = {
  start: (mode) => thread.start(mode, transfer(port2, [port2])),
  dial: (url) => thread.dial(url),
  offer: async () => hex((await thread.offer()) as Uint8Array),
  answer: async (offer) => hex((await thread.answer(fromHex(offer))) as Uint8Array),
  accept: (answer, next) => thread.accept(fromHex(answer), next),
};

(globalThis as { relayTab?: RelayTabPort }).relayTab = relayTab;
