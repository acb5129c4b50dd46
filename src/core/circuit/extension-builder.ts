import { xor } from '../bytes/bytes.ts';
import { keystream } from '../crypto/derive.ts';
import type { CryptoPort } from '../ports.ts';
import { deriveExtendKey } from '../wire/circuit-keys.ts';
import { encodeExtendRequest, readExtendAnswer } from '../wire/extend.ts';
import {
  EARLY_DATA_MAX_BYTES,
  EXTEND_HEADS_BYTES,
  KEY_BYTES,
  REPLY_BYTES,
  SETUP_BYTES,
  SETUP_SEALED_BYTES,
  SETUP_SLOT_BYTES,
} from '../wire/geometry.ts';
import { REPLY_AT, SETUP_AT, writeData } from '../wire/setup.ts';
import { openReply, replySlotStream } from './reply-opener.ts';
import { drawHop, type HopDraw, layerSecrets, prepareLayer, sealLayer } from './setup-builder.ts';
import type { BuiltExtension, HopKeys, HopSecrets, OpenedReply } from './types.ts';

/** Growing a circuit: the builder's half of an extension. § docs/spec/05-circuits.md */

export interface ExtensionDraw {
  readonly hop: HopDraw;
  /** 32 bytes, from which the sender of the packet expands what the request leaves out. */
  readonly seed: Uint8Array;
  /** What stands behind the early data, as far as the request reaches. */
  readonly padding: Uint8Array;
}

/** The shortest head that holds the early data. @throws RangeError when none does. */
function headBytesFor(earlyBytes: number): number {
  const headBytes = EXTEND_HEADS_BYTES.find((lengthBytes) => earlyBytes + 2 <= lengthBytes);
  if (headBytes === undefined) throw new RangeError(`${earlyBytes} bytes of early data: at most ${EARLY_DATA_MAX_BYTES} fit`);
  return headBytes;
}

export function drawExtension(random: (lengthBytes: number) => Uint8Array, earlyBytes: number): ExtensionDraw {
  return { hop: drawHop(random), seed: random(KEY_BYTES), padding: random(headBytesFor(earlyBytes) - 2 - earlyBytes) };
}

/** @throws as `buildSetup`. */
export function buildExtension(crypto: CryptoPort, hop: HopKeys, early: Uint8Array, draw: ExtensionDraw): BuiltExtension {
  const { aead } = crypto;
  const layer = prepareLayer(crypto, hop, draw.hop);
  const headBytes = headBytesFor(early.length);
  const packet = new Uint8Array(SETUP_BYTES);
  const expanded = keystream(aead, deriveExtendKey(draw.seed), 0, SETUP_BYTES - SETUP_SLOT_BYTES - headBytes);
  const stream = keystream(aead, layer.keys.setup, 0, SETUP_SEALED_BYTES).subarray(SETUP_AT.slot1 - SETUP_AT.route);
  // What the sender will expand is ciphertext: the plaintext is chosen so that it seals to it.
  const slotsBytes = SETUP_AT.body - SETUP_AT.slot1;
  packet.set(xor(expanded.subarray(0, slotsBytes), stream.subarray(0, slotsBytes)), SETUP_AT.slot1);
  packet.set(xor(expanded.subarray(slotsBytes), stream.subarray(slotsBytes + headBytes)), SETUP_AT.body + headBytes);
  const head = packet.subarray(SETUP_AT.body, SETUP_AT.body + headBytes);
  head.set(draw.padding, headBytes - draw.padding.length);
  writeData(head, early);
  sealLayer(aead, layer, { next: undefined }, packet);
  const request = encodeExtendRequest({ next: hop.peer, seed: draw.seed, slot0: packet.subarray(0, SETUP_SLOT_BYTES), bodyHead: head });
  return { request, secrets: layerSecrets(layer) };
}

/** `answer` is EXTENDED_BYTES; the slots that it leaves out were sealed zeros. */
export function openExtension(crypto: CryptoPort, secrets: HopSecrets, answer: Uint8Array): OpenedReply | undefined {
  const parts = readExtendAnswer(answer);
  if (parts === undefined) return undefined;
  const reply = new Uint8Array(REPLY_BYTES);
  reply.set(parts.slot0);
  reply.set(replySlotStream(crypto.aead, secrets.reply), REPLY_AT.slot1);
  reply.set(parts.body, REPLY_AT.body);
  return openReply(crypto, [secrets], reply);
}
