import { rtcBinding } from '../src/core/link/index.ts';
import type { CryptoPort } from '../src/core/ports.ts';
import { WebRtc, type WebRtcOptions } from '../src/adapters/webrtc.ts';

/** Node's WebRTC, by libdatachannel, loaded with the first offer. Its connections hold no scarce resource of ours: none are counted. */
export function nodeWebRtc(crypto: Pick<CryptoPort, 'sha256'>, options: Partial<Pick<WebRtcOptions, 'bind' | 'stunUrls'>> = {}): WebRtc {
  return new WebRtc({
    bind: (offerer, answerer) => rtcBinding(crypto, offerer, answerer),
    ...options,
    attempts: Number.POSITIVE_INFINITY,
    load: async () => (await import('./node-simple-peer.ts')).NodeSimplePeer,
  });
}
