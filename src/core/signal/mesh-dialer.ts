import type { PeerId } from '../bytes/brand.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import { peerIdBytes } from '../crypto/identity.ts';
import type { Env } from '../env.ts';
import type { DialTarget, PeerStreams, Transport } from '../ports.ts';
import { SIGNAL } from '../wire/registry.ts';
import { encodeSignalRequest } from '../wire/signal.ts';
import { ATTEMPTS_RESERVE, CONNECT_TRIES, EFFORT_MAX, MESH_DIAL_TIMEOUT_MS, RELAYS_TRIED } from './constants.ts';
import { sealOffer } from './sealed-offer.ts';
import { signalThrough } from './signal-stream.ts';
import type { RtcPort } from './types.ts';
import { findWork } from './work.ts';

/** How a peer that cannot be dialled is reached. */
export interface MeshContact {
  readonly onionX25519: Uint8Array;
  /** Open peers that hold a link to it, the likeliest first. */
  readonly relays: readonly PeerId[];
}

export interface MeshDialerOptions {
  readonly self: PeerId;
  readonly rtc: RtcPort;
  readonly streams: PeerStreams;
  /** From the newest descriptor of that peer. */
  contact(peer: PeerId): MeshContact | undefined;
}

/** Dials by an offer through the network: WebRTC's transport dialer. Where there is no WebRTC it handles nothing. */
export class MeshDialer {
  readonly #env: Env;
  readonly #options: MeshDialerOptions;

  constructor(env: Env, options: MeshDialerOptions) {
    this.#env = env;
    this.#options = options;
  }

  handles({ peer, url }: DialTarget): boolean {
    const { rtc, contact } = this.#options;
    return url === undefined && peer !== undefined && rtc.attemptsLeft > ATTEMPTS_RESERVE && contact(peer) !== undefined;
  }

  /** @throws GlobalNetError `unreachable` | `refused` | `timeout` | `cancelled` | `unsupported` | `full`. */
  dial({ peer }: DialTarget, signal?: AbortSignal): Promise<Transport> {
    const contact = peer && this.#options.contact(peer);
    if (!contact) return Promise.reject(new GlobalNetError('unreachable', 'no descriptor says how to reach that peer'));
    return withDeadline(this.#env, signal, (stop) => this.#connect(peer, contact, stop));
  }

  async #connect(peer: PeerId, contact: MeshContact, stop: AbortSignal): Promise<Transport> {
    for (let triesLeft = CONNECT_TRIES - 1; ; triesLeft--) {
      const offer = await this.#options.rtc.offer();
      let held = true;
      const cancel = (): void => {
        if (held) offer.cancel();
        held = false;
      };
      stop.addEventListener('abort', cancel, { once: true });
      let answer: Uint8Array | undefined;
      try {
        answer = await this.#answered({ peer, onionX25519: contact.onionX25519 }, contact.relays, offer.description, stop);
        const transport = await offer.accept(answer);
        if (stop.aborted) transport.close();
        return transport;
      } catch (error) {
        cancel();
        if (stop.aborted || answer === undefined || triesLeft === 0) throw error;
      } finally {
        stop.removeEventListener('abort', cancel);
      }
    }
  }

  /** The target's description, by the first relay that brings one. */
  async #answered(
    target: { peer: PeerId; onionX25519: Uint8Array },
    relays: readonly PeerId[],
    description: Uint8Array,
    stop: AbortSignal,
  ): Promise<Uint8Array> {
    let failure: unknown = new GlobalNetError('unreachable', 'no open peer is known to hold a link to that peer');
    for (const relay of relays.slice(0, RELAYS_TRIED)) {
      stop.throwIfAborted();
      try {
        return await this.#askThrough(relay, target, description, stop);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  async #askThrough(
    relay: PeerId,
    target: { peer: PeerId; onionX25519: Uint8Array },
    description: Uint8Array,
    stop: AbortSignal,
  ): Promise<Uint8Array> {
    const to = peerIdBytes(target.peer);
    for (let effort = 1; ; ) {
      // Sealed anew for each try: two relays that compare must not see the same offer, and the target takes each once.
      const { sealed, openAnswer } = sealOffer(this.#env, this.#options.self, target, description);
      const work = await findWork(this.#env, to, sealed, effort, stop);
      const response = await signalThrough(this.#options.streams, relay, encodeSignalRequest({ target: to, work, sealed }));
      if (response.type === SIGNAL.answer) {
        const answer = openAnswer(response);
        if (answer === undefined) throw new GlobalNetError('unverified', 'the answer was not sealed by the peer that was asked');
        return answer;
      }
      if (response.effort <= effort || response.effort > EFFORT_MAX)
        throw new GlobalNetError('refused', 'the peer does not answer offers now');
      effort = response.effort;
    }
  }
}

/** Runs `work` until it is done, the caller gives up or the time is over; `stop` tells it of the latter two. */
function withDeadline<T>(env: Pick<Env, 'schedule'>, signal: AbortSignal | undefined, work: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const fail = (error: GlobalNetError): void => {
      reject(error);
      stop.abort(error);
    };
    const onAbort = (): void => fail(new GlobalNetError('cancelled', 'the dial was given up'));
    const cancelDeadline = env.schedule(MESH_DIAL_TIMEOUT_MS, () =>
      fail(new GlobalNetError('timeout', 'the peer did not answer the offer in time')),
    );
    signal?.addEventListener('abort', onAbort, { once: true });
    work(stop.signal)
      .then(resolve, reject)
      .finally(() => {
        cancelDeadline();
        signal?.removeEventListener('abort', onAbort);
      });
    if (signal?.aborted) onAbort();
  });
}
