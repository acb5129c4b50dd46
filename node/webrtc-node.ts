import { RTCIceCandidate, RTCPeerConnection, RTCSessionDescription } from 'node-datachannel/polyfill';
import SimplePeer from 'simple-peer';
import { rtcBinding } from '../src/core/link/index.ts';
import type { CryptoPort } from '../src/core/ports.ts';
import type { SimplePeerConstructor } from '../src/adapters/simple-peer.ts';
import { WebRtc } from '../src/adapters/webrtc.ts';

type Plain = { type: string; sdp: string };

/** simple-peer writes the `sdp` of what createOffer and createAnswer give; the polyfill's is read-only. */
class PlainPeerConnection extends RTCPeerConnection {
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
export function nodeWebRtc(crypto: Pick<CryptoPort, 'sha256'>, stunUrls: readonly string[] = []): WebRtc {
  return new WebRtc({
    attempts: Number.POSITIVE_INFINITY,
    stunUrls,
    wrtc: { RTCPeerConnection: PlainPeerConnection, RTCSessionDescription, RTCIceCandidate },
    bind: (offerer, answerer) => rtcBinding(crypto, offerer, answerer),
    load: async () => SimplePeer as unknown as SimplePeerConstructor,
  });
}
