import { GlobalNetError } from '../core/bytes/errors.ts';
import type { Transport } from '../core/ports.ts';
import { descriptionOfSdp, sdpOfDescription } from '../core/signal/sdp.ts';
import type { RtcAnswer, RtcOffer, RtcPort } from '../core/signal/types.ts';
import { DTLS_SETUP } from '../core/wire/registry.ts';
import { decodeDescription, encodeDescription } from '../core/wire/signal.ts';
import type { SignalData, SimplePeer, SimplePeerConstructor } from './simple-peer.ts';
import { WebRtcTransport } from './webrtc-transport.ts';

/** Gathering ends by itself in a few ms on most machines; where it hangs, simple-peer would wait 5 s. */
const GATHER_TIMEOUT_MS = 300;
/** From both descriptions to an open channel: ICE retries at about 1 s, DTLS after 1, 2 and 4 s. Half of a mesh dial's time. */
const CONNECT_TIMEOUT_MS = 9_000;
/** An offer nobody answered is given back: MESH_DIAL_TIMEOUT_MS and a little. */
const OFFER_LIFE_MS = 30_000;

export interface WebRtcOptions {
  /** Loaded with the first use: it counts against nobody's first page. */
  load(): Promise<SimplePeerConstructor>;
  /** STUN addresses of open peers: `stun:host:port`. */
  stunUrls?: readonly string[];
  /** Connections that may be made in all; 0 where there is no WebRTC. */
  attempts: number;
  /** A transport's binding from both certificates' fingerprints, the offering end's first: `rtcBinding`. */
  bind(offererFingerprint: Uint8Array, answererFingerprint: Uint8Array): Uint8Array;
}

/** WebRTC of this thread or process by simple-peer: makes offers and answers, and transports of them. */
export class WebRtc implements RtcPort {
  readonly #options: WebRtcOptions;
  readonly #peers = new Set<SimplePeer>();
  #attemptsLeft: number;

  constructor(options: WebRtcOptions) {
    this.#options = options;
    this.#attemptsLeft = options.attempts;
  }

  get attemptsLeft(): number {
    return this.#attemptsLeft;
  }

  async offer(): Promise<RtcOffer> {
    const peer = await this.#newPeer(true);
    const own = await orDestroy(peer, async () => descriptionOfSdp(await this.#localSdp(peer)));
    const cancelOffer = after(OFFER_LIFE_MS, () => peer.destroy());
    return {
      description: encodeDescription(own),
      cancel: () => {
        cancelOffer();
        peer.destroy();
      },
      accept: (answer) => {
        cancelOffer();
        return orDestroy(peer, () => {
          const theirs = decodeDescription(answer);
          if (theirs.setup === DTLS_SETUP.either) throw new GlobalNetError('malformed', 'an answer must choose who begins DTLS');
          const opened = connected(peer, true, () => this.#options.bind(own.fingerprint, theirs.fingerprint));
          signal(peer, { type: 'answer', sdp: sdpOfDescription(theirs) });
          return opened;
        });
      },
    };
  }

  async answer(offer: Uint8Array): Promise<RtcAnswer> {
    const theirs = decodeDescription(offer);
    if (theirs.setup !== DTLS_SETUP.either) throw new GlobalNetError('malformed', 'an offer must leave it open who begins DTLS');
    const peer = await this.#newPeer(false);
    const own = await orDestroy(peer, async () => {
      const local = this.#localSdp(peer);
      signal(peer, { type: 'offer', sdp: sdpOfDescription(theirs) });
      return descriptionOfSdp(await local);
    });
    const transport = orDestroy(peer, () => connected(peer, false, () => this.#options.bind(theirs.fingerprint, own.fingerprint)));
    transport.catch(() => {}); // whoever asked may have gone; the failure is for those who wait
    return { description: encodeDescription(own), transport };
  }

  /** Tears down every connection at once: the page is about to be frozen or to go. */
  destroyAll(): void {
    for (const peer of this.#peers) peer.destroy();
  }

  async #newPeer(initiator: boolean): Promise<SimplePeer> {
    if (this.#attemptsLeft <= 0) {
      const [kind, why] =
        this.#options.attempts === 0 ? (['unsupported', 'there is no WebRTC here'] as const) : (['full', 'no connection is left'] as const);
      throw new GlobalNetError(kind, why);
    }
    this.#attemptsLeft--;
    const { stunUrls = [] } = this.#options;
    const Peer = await this.#options.load();
    const peer = new Peer({
      initiator,
      trickle: false,
      iceCompleteTimeout: GATHER_TIMEOUT_MS,
      objectMode: true,
      channelName: 'gnet',
      config: { iceServers: stunUrls.map((urls) => ({ urls })) },
    });
    this.#peers.add(peer);
    peer.on('close', () => this.#peers.delete(peer));
    return peer;
  }

  #localSdp(peer: SimplePeer): Promise<string> {
    return new Promise((resolve, reject) => {
      const cancel = after(CONNECT_TIMEOUT_MS, () => fail('WebRTC described nothing in time'));
      const fail = (message: string): void => {
        cancel();
        peer.destroy();
        reject(new GlobalNetError('unsupported', message));
      };
      peer.on('error', (error) => fail(error.message));
      peer.on('close', () => fail('the connection was closed'));
      peer.on('signal', ({ sdp }) => {
        cancel();
        resolve(sdp);
      });
    });
  }
}

/** The transport once the channel is open. */
function connected(peer: SimplePeer, dialled: boolean, bind: () => Uint8Array): Promise<Transport> {
  return new Promise((resolve, reject) => {
    const cancel = after(CONNECT_TIMEOUT_MS, () => fail('timeout', `no WebRTC connection in ${CONNECT_TIMEOUT_MS} ms`));
    const fail = (kind: 'timeout' | 'unreachable', message: string): void => {
      cancel();
      reject(new GlobalNetError(kind, message));
    };
    peer.on('error', (error) => fail('unreachable', error.message));
    peer.on('close', () => fail('unreachable', 'the connection was closed'));
    peer.on('connect', () => {
      cancel();
      resolve(new WebRtcTransport(peer, dialled, bind()));
    });
  });
}

async function orDestroy<T>(peer: SimplePeer, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    peer.destroy();
    throw error;
  }
}

/** `signal` of a destroyed simple-peer throws. */
function signal(peer: SimplePeer, data: SignalData): void {
  if (peer.destroyed) throw new GlobalNetError('unreachable', 'the connection was closed');
  peer.signal(data);
}

function after(delayMs: number, task: () => void): () => void {
  const timer = setTimeout(task, delayMs);
  return () => clearTimeout(timer);
}
