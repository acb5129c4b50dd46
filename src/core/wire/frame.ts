import { FRAME_CELL_BYTES, FRAME_HEADER_BYTES, FRAME_REPLY_BYTES, FRAME_SETUP_BYTES } from './geometry.ts';
import { FRAME } from './registry.ts';

/**
 * A frame: what a link carries.
 *
 *   circuit id  4   0 for link control
 *   type        1   FRAME
 *   content     to FRAME_CELL_BYTES; to FRAME_SETUP_BYTES or FRAME_REPLY_BYTES for setup and reply
 */

export function frameCircuitId(frame: Uint8Array): number {
  return (((frame[0] as number) << 24) | ((frame[1] as number) << 16) | ((frame[2] as number) << 8) | (frame[3] as number)) >>> 0;
}

export function frameType(frame: Uint8Array): number {
  return frame[4] as number;
}

/** The whole length of a frame of this type, or undefined for a type that does not exist. */
export function frameLengthBytes(type: number): number | undefined {
  if (type === FRAME.setup) return FRAME_SETUP_BYTES;
  if (type === FRAME.reply) return FRAME_REPLY_BYTES;
  return type <= FRAME.padding ? FRAME_CELL_BYTES : undefined;
}

export function writeFrameHeader(frame: Uint8Array, circuitId: number, type: number): void {
  frame[0] = circuitId >>> 24;
  frame[1] = circuitId >>> 16;
  frame[2] = circuitId >>> 8;
  frame[3] = circuitId;
  frame[4] = type;
}

/** A new frame of the type's length, its content zero. */
export function newFrame(circuitId: number, type: number): Uint8Array {
  const frame = new Uint8Array(frameLengthBytes(type) as number);
  writeFrameHeader(frame, circuitId, type);
  return frame;
}

/** What stands behind the header; a view. */
export function frameContent(frame: Uint8Array): Uint8Array {
  return frame.subarray(FRAME_HEADER_BYTES);
}
