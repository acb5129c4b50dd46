import { TRANSPORT_HOLD_BYTES } from '../core/link/constants.ts';
import type { Transport, TransportHandler } from '../core/ports.ts';
import { LINK_MESSAGE_MAX_BYTES } from '../core/wire/geometry.ts';
import { HandlerSlot } from './handler-slot.ts';
import type { SimplePeer } from './simple-peer.ts';

/** libdatachannel may lose a message that was sent just before its channel closes: a goodbye gets so long to arrive. */
const LINGER_MS = 200;
/** A channel that was closed gently and is not gone by then is torn down: the other end may be dead. */
const CLOSE_TIMEOUT_MS = 2_000;

/** A connected simple-peer as a transport. */
export class WebRtcTransport implements Transport {
  readonly kind = 'webrtc';
  // Twice what we send passes in every browser and in libdatachannel (262,144); ours is the link's own limit.
  readonly maxMessageBytes = LINK_MESSAGE_MAX_BYTES;
  readonly #slot = new HandlerSlot();
  readonly #peer: SimplePeer;

  constructor(
    peer: SimplePeer,
    readonly dialled: boolean,
    readonly binding: Uint8Array,
  ) {
    this.#peer = peer;
    peer.on('data', (data) => this.#slot.message(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)));
    peer.on('close', () => this.#slot.close('the data channel closed'));
    peer.on('error', (error) => this.#slot.close(error.message));
    // simple-peer sets 64 KB, our whole hold: the channel would run dry before we heard of it.
    peer._channel.bufferedAmountLowThreshold = TRANSPORT_HOLD_BYTES.webrtc / 2;
    peer._channel.addEventListener('bufferedamountlow', () => this.#slot.drain());
  }

  get bufferedBytes(): number {
    return this.#slot.closed ? 0 : this.#peer.bufferSize;
  }

  get handler(): TransportHandler | undefined {
    return this.#slot.handler;
  }

  set handler(handler: TransportHandler | undefined) {
    this.#slot.handler = handler;
  }

  send(message: Uint8Array): void {
    if (this.#slot.closed || this.#peer.destroyed) return;
    try {
      this.#peer.send(message);
    } catch {
      // The channel is closing and its event not here yet.
    }
  }

  /** Gently: what was sent, a goodbye above all, still arrives; the other end sees the channel close and does the same. */
  close(): void {
    if (this.#slot.closed) return;
    this.#slot.close('closed here');
    setTimeout(() => void (this.#peer.destroyed || this.#peer._channel.close()), LINGER_MS);
    setTimeout(() => this.#peer.destroy(), CLOSE_TIMEOUT_MS);
  }
}
