import type { PeerId } from '../bytes/brand.ts';
import { concat } from '../bytes/bytes.ts';
import { DecodeError } from '../bytes/errors.ts';
import { Reader } from '../bytes/reader.ts';
import { keystream } from '../crypto/derive.ts';
import { peerIdBytes, peerIdOf } from '../crypto/identity.ts';
import type { Aead } from '../ports.ts';
import {
  CELL_BODY_BYTES,
  CHANNEL_BYTES,
  EXTEND_FIXED_BYTES,
  EXTEND_HEADS_BYTES,
  EXTEND_PART_BYTES,
  EXTEND_PART_HEADER_BYTES,
  EXTENDED_BYTES,
  KEY_BYTES,
  MESSAGE_HEADER_BYTES,
  PEER_ID_BYTES,
  REPLY_SLOT_BYTES,
  SETUP_BYTES,
  SETUP_SLOT_BYTES,
} from './geometry.ts';
import { deriveExtendKey } from './circuit-keys.ts';
import { readMessages, writeMessage } from './message.ts';
import { bodyChannel, bodyPayload } from './cell.ts';
import { REPLY_AT, SETUP_AT } from './setup.ts';
import type { MESSAGE } from './registry.ts';

/**
 * The request to grow a circuit by one hop, and the answer, each cut into parts.
 *
 *   request                          answer
 *   next peer      32                slot 0     48   of the new hop's reply
 *   seed           32                body   11,811   of the new hop's reply
 *   slot 0      1,208
 *   body head   one of EXTEND_HEADS_BYTES
 *
 *   part, the one message of a channel 0 payload
 *   number      1   from 0
 *   count       1
 *   bytes           EXTEND_PART_BYTES, fewer in the last part only
 */
export interface ExtendRequest {
  readonly next: PeerId;
  /** 32 bytes that stand for all of the setup packet that is not here. */
  readonly seed: Uint8Array;
  readonly slot0: Uint8Array;
  readonly bodyHead: Uint8Array;
}

export type ExtendMessage = typeof MESSAGE.extend | typeof MESSAGE.extended;

export function encodeExtendRequest(request: ExtendRequest): Uint8Array {
  return concat(peerIdBytes(request.next), request.seed, request.slot0, request.bodyHead);
}

/** Views, but for the peer. @throws DecodeError when the length is neither of the two. */
export function decodeExtendRequest(bytes: Uint8Array): ExtendRequest {
  const headBytes = bytes.length - EXTEND_FIXED_BYTES;
  if (!EXTEND_HEADS_BYTES.includes(headBytes)) throw new DecodeError('extend', 0, `${bytes.length} bytes are no request`);
  const reader = new Reader(bytes, 'extend');
  return {
    next: peerIdOf(reader.raw(PEER_ID_BYTES, 'next peer')),
    seed: reader.raw(KEY_BYTES, 'seed'),
    slot0: reader.raw(SETUP_SLOT_BYTES, 'slot 0'),
    bodyHead: reader.rest(),
  };
}

/** The setup packet that the hop sends on: what the request leaves out is the stream of its seed. */
export function expandSetup(aead: Aead, request: ExtendRequest): Uint8Array {
  const packet = new Uint8Array(SETUP_BYTES);
  const headBytes = request.bodyHead.length;
  const expanded = keystream(aead, deriveExtendKey(request.seed), 0, SETUP_BYTES - SETUP_SLOT_BYTES - headBytes);
  const slotsBytes = SETUP_AT.body - SETUP_AT.slot1;
  packet.set(request.slot0);
  packet.set(expanded.subarray(0, slotsBytes), SETUP_AT.slot1);
  packet.set(request.bodyHead, SETUP_AT.body);
  packet.set(expanded.subarray(slotsBytes), SETUP_AT.body + headBytes);
  return packet;
}

/** Of a reply, what its receiver cannot work out. */
export function encodeExtendAnswer(reply: Uint8Array): Uint8Array {
  return concat(reply.subarray(0, REPLY_SLOT_BYTES), reply.subarray(REPLY_AT.body));
}

/** Views; undefined for a wrong length. */
export function readExtendAnswer(answer: Uint8Array): { slot0: Uint8Array; body: Uint8Array } | undefined {
  if (answer.length !== EXTENDED_BYTES) return undefined;
  return { slot0: answer.subarray(0, REPLY_SLOT_BYTES), body: answer.subarray(REPLY_SLOT_BYTES) };
}

/** Cell bodies that carry `bytes`, in order. */
export function encodeExtendParts(type: ExtendMessage, bytes: Uint8Array): Uint8Array[] {
  const count = Math.ceil(bytes.length / EXTEND_PART_BYTES);
  return Array.from({ length: count }, (_, number) => {
    const part = bytes.subarray(number * EXTEND_PART_BYTES, (number + 1) * EXTEND_PART_BYTES);
    const body = new Uint8Array(CELL_BODY_BYTES);
    writeMessage(body, CHANNEL_BYTES, type, concat(Uint8Array.of(number, count), part));
    return body;
  });
}

/** Whether this body carries a part of that type: channel 0, and its first message. */
export function isExtendPart(type: ExtendMessage, body: Uint8Array): boolean {
  return bodyChannel(body) === 0 && body[CHANNEL_BYTES] === type;
}

/** Puts parts together again: they come in order, without a gap, and nothing else comes in between. */
export class ExtendParts {
  readonly #parts: Uint8Array[] = [];
  readonly #maxParts: number;
  #count = 0;

  constructor(readonly type: ExtendMessage) {
    this.#maxParts = Math.ceil(EXTENDED_BYTES / EXTEND_PART_BYTES);
  }

  get begun(): boolean {
    return this.#parts.length > 0;
  }

  /** The whole when this was its last part, else undefined. Keeps a view of the body. @throws DecodeError. */
  add(body: Uint8Array): Uint8Array | undefined {
    const message = readMessages(bodyPayload(body)).next();
    if (message.done || message.value.type !== this.type) throw new DecodeError('extend part', 0, `wanted message ${this.type}`);
    const { content } = message.value;
    const [number = -1, count = 0] = content;
    if (number === 0) this.#count = count;
    if (number !== this.#parts.length || count !== this.#count || count > this.#maxParts || number >= count)
      throw new DecodeError('extend part', MESSAGE_HEADER_BYTES, `part ${number} of ${count} is out of order`);
    const bytes = content.subarray(EXTEND_PART_HEADER_BYTES);
    if (number + 1 < count && bytes.length !== EXTEND_PART_BYTES)
      throw new DecodeError('extend part', MESSAGE_HEADER_BYTES, 'only the last part may be short');
    this.#parts.push(bytes);
    return number + 1 === count ? concat(...this.#parts) : undefined;
  }
}
