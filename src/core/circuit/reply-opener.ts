import { concat, EMPTY, xor } from '../bytes/bytes.ts';
import { DecodeError } from '../bytes/errors.ts';
import { keystream } from '../crypto/derive.ts';
import type { Aead, CryptoPort } from '../ports.ts';
import { type CircuitKeys, deriveCircuitKeys } from '../wire/circuit-keys.ts';
import { KEY_BYTES, MAX_HOPS, REPLY_BYTES, REPLY_SLOT_BYTES, TAG_BYTES } from '../wire/geometry.ts';
import { readData, REPLY_AT } from '../wire/setup.ts';
import type { HopSecrets, OpenedReply } from './types.ts';

/** Opening replies: every layer is verified, with what its hop dropped. § docs/spec/05-circuits.md */

const LATER_SLOTS_BYTES = (MAX_HOPS - 1) * REPLY_SLOT_BYTES;

/** The stream that a reply key puts over the slots that it seals. */
export function replySlotStream(aead: Aead, replyKey: Uint8Array): Uint8Array {
  return keystream(aead, replyKey, 0, LATER_SLOTS_BYTES);
}

/** What each hop dropped. It follows from the reply keys alone: what is dropped began at the last hop as zeros. */
function droppedSlots(aead: Aead, secrets: readonly HopSecrets[]): Uint8Array[] {
  const slots = new Uint8Array(MAX_HOPS * REPLY_SLOT_BYTES);
  const dropped: Uint8Array[] = [];
  for (let hop = secrets.length - 1; hop >= 0; hop--) {
    dropped[hop] = slots.slice(REPLY_AT.slot7);
    // F and tag come in from the left; they are unknown here, and never reach the right end within MAX_HOPS.
    slots.set(xor(slots.subarray(0, LATER_SLOTS_BYTES), replySlotStream(aead, (secrets[hop] as HopSecrets).reply)), REPLY_SLOT_BYTES);
  }
  return dropped;
}

/** Opens the reply in place. @returns undefined when any layer, the inner one included, is not what its hop sealed. */
export function openReply(crypto: CryptoPort, secrets: readonly HopSecrets[], reply: Uint8Array): OpenedReply | undefined {
  if (reply.length !== REPLY_BYTES) return undefined;
  const { aead } = crypto;
  const dropped = droppedSlots(aead, secrets);
  const keys: CircuitKeys[] = [];
  for (const [hop, secret] of secrets.entries()) {
    const fresh = reply.slice(REPLY_AT.fresh, REPLY_AT.fresh + KEY_BYTES);
    const sealed = reply.subarray(REPLY_AT.slot1);
    if (
      !aead.open(secret.reply, 0, sealed, concat(fresh, dropped[hop] as Uint8Array), sealed, reply.subarray(REPLY_AT.tag, REPLY_AT.slot1))
    )
      return undefined;
    const x25519 = crypto.x25519(secret.ephemeral, fresh);
    if (x25519 === undefined) return undefined;
    keys.push(deriveCircuitKeys(secret.seed, x25519, fresh));
    reply.copyWithin(0, REPLY_AT.slot1, REPLY_AT.body);
    reply.set(dropped[hop] as Uint8Array, REPLY_AT.slot7);
  }
  const data = openInner(aead, (keys.at(-1) as CircuitKeys).inner, reply.subarray(REPLY_AT.body));
  return data && { keys, data };
}

/** The last hop's own seal: tag ‖ sealed length, data, padding. */
function openInner(aead: Aead, inner: Uint8Array, body: Uint8Array): Uint8Array | undefined {
  const data = body.subarray(TAG_BYTES);
  if (!aead.open(inner, 0, data, EMPTY, data, body.subarray(0, TAG_BYTES))) return undefined;
  try {
    return readData(data);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
