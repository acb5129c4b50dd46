import { CELL_BODY_BYTES, CELL_TAGS_BYTES, CHANNEL_BYTES, FRAME_CELL_BYTES, FRAME_HEADER_BYTES, TAG_BYTES } from './geometry.ts';
import { newFrame, writeFrameHeader } from './frame.ts';
import { CLOSE, FRAME } from './registry.ts';

/**
 * A cell, at its offsets in the whole frame:
 *
 *   header      5
 *   tag 0      16   over tags 1..7 and the body
 *   tags 1..7 112
 *   body    3,963   channel 4, payload 3,959
 */
export const CELL_AT = {
  tag0: FRAME_HEADER_BYTES,
  tag1: FRAME_HEADER_BYTES + TAG_BYTES,
  tag7: FRAME_HEADER_BYTES + CELL_TAGS_BYTES - TAG_BYTES,
  body: FRAME_HEADER_BYTES + CELL_TAGS_BYTES,
} as const;

/** A frame's last bytes, from one of CELL_AT or the payload's place on: what is filled and sealed where it stands needs no second array. */
export function partOfNewFrame(at: number): Uint8Array {
  return new Uint8Array(FRAME_CELL_BYTES).subarray(at);
}

/** The frame that the part stands in; a new one with a copy where it stands in none. Either way the part is used up. */
export function frameAround(part: Uint8Array, at: number): Uint8Array {
  if (part.byteOffset === at && part.buffer.byteLength === FRAME_CELL_BYTES) return new Uint8Array(part.buffer);
  const frame = new Uint8Array(FRAME_CELL_BYTES);
  frame.set(part, at);
  return frame;
}

/** A cell of the circuit, the body of CELL_BODY_BYTES in its place, to be sealed there. The body is used up. */
export function newCell(circuitId: number, body: Uint8Array): Uint8Array {
  if (body.length !== CELL_BODY_BYTES) throw new RangeError(`a body of ${body.length} bytes: wanted ${CELL_BODY_BYTES}`);
  const frame = frameAround(body, CELL_AT.body);
  writeFrameHeader(frame, circuitId, FRAME.cell);
  return frame;
}

export function bodyChannel(body: Uint8Array): number {
  return (((body[0] as number) << 24) | ((body[1] as number) << 16) | ((body[2] as number) << 8) | (body[3] as number)) >>> 0;
}

export function bodyPayload(body: Uint8Array): Uint8Array {
  return body.subarray(CHANNEL_BYTES);
}

/**
 *   reason    1   CLOSE.ended, whatever the cause: a reason would tell a neighbour which check failed, and where
 *   padding       zero
 *
 * A receiver ignores the content.
 */
export function encodeDestroy(circuitId: number): Uint8Array {
  const frame = newFrame(circuitId, FRAME.destroy);
  frame[FRAME_HEADER_BYTES] = CLOSE.ended;
  return frame;
}
