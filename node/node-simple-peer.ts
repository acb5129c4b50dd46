import { RTCIceCandidate, RTCPeerConnection, RTCSessionDescription } from 'node-datachannel/polyfill';
import SimplePeer from 'simple-peer';
import type { SimplePeerConstructor, SimplePeerOptions } from '../src/adapters/simple-peer.ts';

/** simple-peer over libdatachannel: 8 MB, so whoever needs it loads this module when it does. */

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

const wrtc = { RTCPeerConnection: PlainPeerConnection, RTCSessionDescription, RTCIceCandidate };

export class NodeSimplePeer extends (SimplePeer as unknown as SimplePeerConstructor) {
  constructor(options: SimplePeerOptions) {
    super({ ...options, wrtc });
  }
}
