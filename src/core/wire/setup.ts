import type { PeerId } from '../bytes/brand.ts';
import { DecodeError } from '../bytes/errors.ts';
import { peerIdBytes, peerIdOf } from '../crypto/identity.ts';
import {
  KEM_CIPHERTEXT_BYTES,
  KEY_BYTES,
  MAX_HOPS,
  PEER_ID_BYTES,
  REPLY_SLOT_BYTES,
  REPLY_SLOTS_BYTES,
  ROUTE_BYTES,
  SETUP_SLOT_BYTES,
  SETUP_SLOTS_BYTES,
  TAG_BYTES,
  WORK_BYTES,
} from './geometry.ts';
import { ROUTE } from './registry.ts';

/**
 * Setup packets and replies, as they stand behind a frame's header.
 *
 *   setup packet                                reply
 *   slot 0                        1,208         slot 0        48
 *     E           32                              F    32
 *     C        1,088                              tag  16
 *     work         8                            slots 1..7   336   sealed under slot 0's tag
 *     tag         16                            body      11,811   sealed under slot 0's tag
 *     route       64   sealed
 *   slots 1..7                    8,456  sealed
 *   body                          4,411  sealed
 */

export const SETUP_AT = {
  ephemeral: 0,
  kem: KEY_BYTES,
  work: KEY_BYTES + KEM_CIPHERTEXT_BYTES,
  tag: KEY_BYTES + KEM_CIPHERTEXT_BYTES + WORK_BYTES,
  /** Where the sealed stretch begins. */
  route: KEY_BYTES + KEM_CIPHERTEXT_BYTES + WORK_BYTES + TAG_BYTES,
  slot1: SETUP_SLOT_BYTES,
  slot7: (MAX_HOPS - 1) * SETUP_SLOT_BYTES,
  body: SETUP_SLOTS_BYTES,
} as const;

export const REPLY_AT = {
  fresh: 0,
  tag: KEY_BYTES,
  /** Where the sealed stretch begins. */
  slot1: REPLY_SLOT_BYTES,
  slot7: (MAX_HOPS - 1) * REPLY_SLOT_BYTES,
  body: REPLY_SLOTS_BYTES,
} as const;

/** What a hop is told to do: to send on to a peer, or, when `next` is undefined, that it is the last. */
export interface Route {
  readonly next: PeerId | undefined;
}

/**
 *   kind      1   ROUTE
 *   next     32   zero for the last hop
 *   reserved 31   zero; ignored
 */
export function encodeRoute(route: Route): Uint8Array {
  const bytes = new Uint8Array(ROUTE_BYTES);
  bytes[0] = route.next === undefined ? ROUTE.last : ROUTE.forward;
  if (route.next !== undefined) bytes.set(peerIdBytes(route.next), 1);
  return bytes;
}

/** @throws DecodeError for a kind that does not exist. */
export function decodeRoute(bytes: Uint8Array): Route {
  if (bytes.length !== ROUTE_BYTES) throw new DecodeError('route', 0, `wanted ${ROUTE_BYTES} bytes, ${bytes.length} came`);
  if (bytes[0] === ROUTE.last) return { next: undefined };
  if (bytes[0] !== ROUTE.forward) throw new DecodeError('route', 0, `no kind ${bytes[0]}`);
  return { next: peerIdOf(bytes.slice(1, 1 + PEER_ID_BYTES)) };
}

/**
 * Early data in a setup body, data in a reply body:
 *
 *   length   2
 *   data     length
 *   padding  to the end
 *
 * Writes both into `body`, whose rest the caller has filled.
 * @throws RangeError when they do not fit.
 */
export function writeData(body: Uint8Array, data: Uint8Array): void {
  if (data.length + 2 > body.length) throw new RangeError(`${data.length} bytes of data: at most ${body.length - 2} fit`);
  body[0] = data.length >>> 8;
  body[1] = data.length;
  body.set(data, 2);
}

/** A view. @throws DecodeError when the length points past the end. */
export function readData(body: Uint8Array): Uint8Array {
  const lengthBytes = ((body[0] as number) << 8) | (body[1] as number);
  if (lengthBytes + 2 > body.length) throw new DecodeError('setup data', 0, `${lengthBytes} bytes do not fit in ${body.length - 2}`);
  return body.subarray(2, 2 + lengthBytes);
}
