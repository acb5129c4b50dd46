import { RTCIceCandidate, RTCPeerConnection, RTCSessionDescription } from 'node-datachannel/polyfill';
import SimplePeer from 'simple-peer';
import { rtcBinding } from '../src/core/link/index.ts';
import type { CryptoPort } from '../src/core/ports.ts';
import type { SimplePeerConstructor } from '../src/adapters/simple-peer.ts';
import { WebRtc, type WebRtcOptions } from '../src/adapters/webrtc.ts';

type Plain = { type: string; sdp: string };

/** The polyfill says that gathering is complete a moment before it hands over the candidates. */
const LAST_CANDIDATE_MS = 10;

/**
 * The polyfill as simple-peer needs it: the `sdp` of an offer and answer can be written, and the end of the candidates is
 * told by an event without one (the polyfill leaves it out, and every connection would wait for simple-peer's time-out).
 */
class PlainPeerConnection extends RTCPeerConnection {
  constructor(config?: ConstructorParameters<typeof RTCPeerConnection>[0]) {
    super(config);
    this.addEventListener('icegatheringstatechange', () => {
      if (this.iceGatheringState !== 'complete') return;
      setTimeout(() => (this.onicecandidate as ((event: object) => void) | null)?.({ candidate: null }), LAST_CANDIDATE_MS);
    });
  }

  override async createOffer(): Promise<Plain> {
    return plain(await super.createOffer());
  }

  override async createAnswer(): Promise<Plain> {
    return plain(await super.createAnswer());
  }
}

function plain({ type, sdp }: Plain): Plain {
  return { type, sdp };
}

/** Node's WebRTC, by libdatachannel. Its connections hold no scarce resource of ours: none are counted. */
export function nodeWebRtc(crypto: Pick<CryptoPort, 'sha256'>, options: Partial<Pick<WebRtcOptions, 'bind' | 'stunUrls'>> = {}): WebRtc {
  return new WebRtc({
    bind: (offerer, answerer) => rtcBinding(crypto, offerer, answerer),
    ...options,
    attempts: Number.POSITIVE_INFINITY,
    wrtc: { RTCPeerConnection: PlainPeerConnection, RTCSessionDescription, RTCIceCandidate },
    load: async () => SimplePeer as unknown as SimplePeerConstructor,
  });
}
