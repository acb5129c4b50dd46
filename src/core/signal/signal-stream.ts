import type { PeerId } from '../bytes/brand.ts';
import { concat, EMPTY } from '../bytes/bytes.ts';
import { DecodeError } from '../bytes/errors.ts';
import { peerIdOf } from '../crypto/identity.ts';
import type { ByteStream, PeerStreams } from '../ports.ts';
import { SIGNAL_RESPONSE_MAX_BYTES } from '../wire/geometry.ts';
import { END, SIGNAL, STREAM } from '../wire/registry.ts';
import { decodeSignalRequest, decodeSignalResponse, encodeSignalResponse, type SignalResponse } from '../wire/signal.ts';

/**
 * Hands a request to `relay`, an open peer that is linked with the target (or to the target itself), and brings the response.
 * Over a circuit the relay does not learn who asks.
 * @throws GlobalNetError of the stream; DecodeError when the response is none.
 */
export async function signalThrough(
  streams: PeerStreams,
  relay: PeerId,
  request: Uint8Array,
  via: 'circuit' | 'link' = 'circuit',
): Promise<SignalResponse> {
  const stream = await streams.open(relay, STREAM.signal, via, request);
  stream.end();
  return decodeSignalResponse(await readResponse(stream));
}

export interface SignalHandler {
  readonly self: PeerId;
  /** The response of the target, asked over the link to it; undefined when there is no such link. */
  forward(target: PeerId, request: Uint8Array): Promise<SignalResponse | undefined>;
  /** The response to a request that is for this peer. */
  answer(request: Uint8Array): Promise<Uint8Array>;
}

/** Serves one stream of kind `signal`: answers what is for us, hands on what is for a peer linked here. Never rejects. */
export async function serveSignal(stream: ByteStream, handler: SignalHandler): Promise<void> {
  try {
    const target = peerIdOf(decodeSignalRequest(stream.request).target);
    const response = target === handler.self ? await handler.answer(stream.request) : await forwarded(handler, target, stream.request);
    await stream.write(response);
    stream.end();
  } catch (error) {
    stream.reset(error instanceof DecodeError ? END.malformed : END.unreachable);
  }
}

async function forwarded(handler: SignalHandler, target: PeerId, request: Uint8Array): Promise<Uint8Array> {
  const response = await handler.forward(target, request);
  return encodeSignalResponse(response ?? { type: SIGNAL.refused, effort: 0 });
}

async function readResponse(stream: ByteStream): Promise<Uint8Array> {
  let whole: Uint8Array = EMPTY;
  for (let part = await stream.read(); part !== undefined; part = await stream.read()) {
    whole = concat(whole, part);
    if (whole.length > SIGNAL_RESPONSE_MAX_BYTES) {
      stream.reset(END.malformed);
      throw new DecodeError('signal response', SIGNAL_RESPONSE_MAX_BYTES, 'longer than any response');
    }
  }
  return whole;
}
