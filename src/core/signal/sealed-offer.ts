import type { PeerId } from '../bytes/brand.ts';
import { EMPTY } from '../bytes/bytes.ts';
import { deriveKeys32 } from '../crypto/derive.ts';
import { peerIdBytes, peerIdOf } from '../crypto/identity.ts';
import type { Env } from '../env.ts';
import type { Aead } from '../ports.ts';
import { KEY_BYTES, TAG_BYTES } from '../wire/geometry.ts';
import { LABEL } from '../wire/registry.ts';
import { decodeOffer, decodeSealedOffer, encodeOffer, encodeSealedOffer } from '../wire/signal.ts';

/** For whom an offer is: its id, and its X25519 onion key from its descriptor. */
export interface OfferTarget {
  readonly peer: PeerId;
  readonly onionX25519: Uint8Array;
}

export interface SealedDescription {
  readonly sealed: Uint8Array;
  readonly tag: Uint8Array;
}

/**
 * An offer only the target can read, and the way to read its answer. Nobody has signed it: the ids in it are what the link's
 * handshake, which follows, expects and proves.
 * @throws RangeError when the target's key is of small order.
 */
export function sealOffer(
  env: Pick<Env, 'now' | 'random' | 'crypto'>,
  from: PeerId,
  target: OfferTarget,
  description: Uint8Array,
): { sealed: Uint8Array; openAnswer(answer: SealedDescription): Uint8Array | undefined } {
  const { crypto } = env;
  const secret = env.random(KEY_BYTES);
  const ephemeral = crypto.x25519Public(secret);
  const shared = crypto.x25519(secret, target.onionX25519);
  if (shared === undefined) throw new RangeError('the onion key of the target is of small order');
  const { offerKey, answerKey } = signalKeys(shared, target.peer, target.onionX25519, ephemeral);
  const offer = encodeOffer({ from: peerIdBytes(from), sentAtMs: Math.floor(env.now()), description });
  return {
    sealed: encodeSealedOffer({ ephemeral, ...seal(crypto.aead, offerKey, offer) }),
    openAnswer: (answer) => open(crypto.aead, answerKey, answer),
  };
}

export interface OpenedOffer {
  readonly from: PeerId;
  readonly sentAtMs: number;
  readonly description: Uint8Array;
  /** Tells offers apart: the same twice is a replay. */
  readonly ephemeral: Uint8Array;
  sealAnswer(description: Uint8Array): SealedDescription;
}

/** Undefined when it was not sealed to one of our onion keys (the present one and the one before it), or is malformed. */
export function openOffer(
  env: Pick<Env, 'crypto'>,
  self: PeerId,
  onionSecrets: readonly Uint8Array[],
  bytes: Uint8Array,
): OpenedOffer | undefined {
  const { crypto } = env;
  try {
    const { ephemeral, ...inside } = decodeSealedOffer(bytes);
    for (const secret of onionSecrets) {
      const shared = crypto.x25519(secret, ephemeral);
      if (shared === undefined) return undefined;
      const { offerKey, answerKey } = signalKeys(shared, self, crypto.x25519Public(secret), ephemeral);
      const offer = open(crypto.aead, offerKey, inside);
      if (offer === undefined) continue;
      const { from, sentAtMs, description } = decodeOffer(offer);
      return { from: peerIdOf(from), sentAtMs, description, ephemeral, sealAnswer: (answer) => seal(crypto.aead, answerKey, answer) };
    }
  } catch {
    // a DecodeError
  }
  return undefined;
}

function signalKeys(shared: Uint8Array, target: PeerId, onionX25519: Uint8Array, ephemeral: Uint8Array) {
  const [offerKey, answerKey] = deriveKeys32(LABEL.signal, shared, [peerIdBytes(target), onionX25519, ephemeral], 2) as [
    Uint8Array,
    Uint8Array,
  ];
  return { offerKey, answerKey };
}

function seal(aead: Aead, key: Uint8Array, content: Uint8Array): SealedDescription {
  const sealed = new Uint8Array(content.length);
  const tag = new Uint8Array(TAG_BYTES);
  aead.seal(key, 0, content, EMPTY, sealed, tag); // one message per key
  return { sealed, tag };
}

function open(aead: Aead, key: Uint8Array, { sealed, tag }: SealedDescription): Uint8Array | undefined {
  const content = new Uint8Array(sealed.length);
  return aead.open(key, 0, sealed, EMPTY, content, tag) ? content : undefined;
}
