import type { PeerId } from '../bytes/brand.ts';
import { concat, EMPTY } from '../bytes/bytes.ts';
import { DecodeError } from '../bytes/errors.ts';
import { keystream } from '../crypto/derive.ts';
import type { Aead, CryptoPort } from '../ports.ts';
import {
  type CircuitKeys,
  deriveCircuitKeys,
  deriveSetupKeys,
  type SetupContext,
  type SetupKeys,
  workHolds,
} from '../wire/circuit-keys.ts';
import { REPLY_BYTES, SETUP_SLOT_BYTES, TAG_BYTES } from '../wire/geometry.ts';
import { decodeRoute, readData, REPLY_AT, type Route, SETUP_AT, writeData } from '../wire/setup.ts';
import type { OnionKeyring } from './onion-keyring.ts';

/** One hop's part in building a circuit. Pure functions, but for the keyring's set of seen packets. § docs/spec/05-circuits.md */

export interface PeeledSetup {
  readonly keys: SetupKeys;
  /** `E`. */
  readonly ephemeral: Uint8Array;
  readonly route: Route;
  /** Of a last hop: a copy. Else empty. */
  readonly early: Uint8Array;
}

/**
 * Checks a setup packet and peels one layer off it, in place: for a hop that forwards it, `packet` then is what it sends on.
 * The cheap checks come first, since a junk packet costs its sender nothing. @returns undefined when any of them fails.
 */
export function peelSetup(crypto: CryptoPort, self: PeerId, keyring: OnionKeyring, packet: Uint8Array): PeeledSetup | undefined {
  const work = packet.subarray(SETUP_AT.work, SETUP_AT.tag);
  const onion = keyring.find(work[0] as number);
  if (onion?.descriptorHash === undefined) return undefined;
  const ephemeral = packet.slice(SETUP_AT.ephemeral, SETUP_AT.kem);
  const kem = packet.slice(SETUP_AT.kem, SETUP_AT.work);
  const context: SetupContext = { peer: self, descriptorHash: onion.descriptorHash, onionX25519: onion.x25519, ephemeral, kem };
  if (onion.setupEffort > 0 && !workHolds(crypto, context, crypto.sha256(kem), work, onion.setupEffort)) return undefined;
  if (onion.seen.has(ephemeral)) return undefined;
  const x25519 = crypto.x25519(onion.x25519Secret, ephemeral);
  if (x25519 === undefined) return undefined;
  const keys = deriveSetupKeys(context, x25519, crypto.kemDecapsulate(onion.kemSecret, kem));
  const sealed = packet.subarray(SETUP_AT.route);
  if (!crypto.aead.open(keys.setup, 0, sealed, work, sealed, packet.subarray(SETUP_AT.tag, SETUP_AT.route))) return undefined;
  // From here on the packet is the builder's own; nothing came in between since `has`, for all of this is one turn.
  if (!keyring.insertSeen(onion, ephemeral)) return undefined;
  return readPeeled(crypto.aead, keys, ephemeral, packet);
}

function readPeeled(aead: Aead, keys: SetupKeys, ephemeral: Uint8Array, packet: Uint8Array): PeeledSetup | undefined {
  try {
    const route = decodeRoute(packet.subarray(SETUP_AT.route, SETUP_AT.slot1));
    if (route.next === undefined) return { keys, ephemeral, route, early: readData(packet.subarray(SETUP_AT.body)).slice() };
    packet.copyWithin(0, SETUP_AT.slot1, SETUP_AT.body);
    packet.set(keystream(aead, keys.fill, 0, SETUP_SLOT_BYTES), SETUP_AT.slot7);
    return { keys, ephemeral, route, early: EMPTY };
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** What a hop draws for a circuit: its fresh public key, and the keys that follow. */
export interface FreshKeys {
  /** `F`. */
  readonly fresh: Uint8Array;
  readonly keys: CircuitKeys;
}

/** @param secret 32 random bytes, used once and forgotten. */
export function freshKeys(crypto: CryptoPort, peeled: PeeledSetup, secret: Uint8Array): FreshKeys {
  const fresh = crypto.x25519Public(secret);
  // Not all zero: E was checked against the onion key, and every secret has the same cofactor cleared.
  const x25519 = crypto.x25519(secret, peeled.ephemeral) as Uint8Array;
  return { fresh, keys: deriveCircuitKeys(peeled.keys.seed, x25519, fresh) };
}

/** Seals a reply as one hop: drops the last slot, moves the others on, and puts F and tag in front. In place. */
export function sealReply(aead: Aead, replyKey: Uint8Array, fresh: Uint8Array, reply: Uint8Array): void {
  const aad = concat(fresh, reply.subarray(REPLY_AT.slot7, REPLY_AT.body));
  reply.copyWithin(REPLY_AT.slot1, 0, REPLY_AT.slot7);
  reply.set(fresh, REPLY_AT.fresh);
  const sealed = reply.subarray(REPLY_AT.slot1);
  aead.seal(replyKey, 0, sealed, aad, sealed, reply.subarray(REPLY_AT.tag, REPLY_AT.slot1));
}

/** The last hop's reply: slots of zeros, the data under the inner key, and then its layer as any hop's.
 * @throws RangeError when the data does not fit. */
export function buildReply(aead: Aead, replyKey: Uint8Array, own: FreshKeys, data: Uint8Array): Uint8Array {
  const reply = new Uint8Array(REPLY_BYTES);
  const body = reply.subarray(REPLY_AT.body);
  const inner = body.subarray(TAG_BYTES);
  writeData(inner, data);
  aead.seal(own.keys.inner, 0, inner, EMPTY, inner, body.subarray(0, TAG_BYTES));
  sealReply(aead, replyKey, own.fresh, reply);
  return reply;
}
