import { DecodeError } from '../bytes/errors.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { frameContent, frameLengthBytes, newFrame } from './frame.ts';
import {
  DESCRIPTOR_MAX_BYTES,
  DESCRIPTOR_PART_MAX_BYTES,
  FRAME_HEADER_BYTES,
  HANDSHAKE_HEADER_BYTES,
  KEY_BYTES,
  LINK_ANSWER_BYTES,
  LINK_HELLO_BYTES,
  LINK_IDENTITY_BYTES,
  LINK_PROOF_BYTES,
  PEER_ID_BYTES,
  SIGNATURE_BYTES,
  TAG_BYTES,
  WITHDRAWAL_BYTES,
} from './geometry.ts';
import { CONTROL, FRAME, HANDSHAKE, LINK_CLOSE, type LinkCloseCode } from './registry.ts';

/**
 * The handshake, one message of the transport each:
 *
 *   hello    type 1 ‖ version 2 ‖ dialler's ephemeral key 32
 *   answer   type 1 ‖ version 2 ‖ listener's ephemeral key 32 ‖ sealed identity 104 and descriptor, if it has one to show ‖ tag 16
 *   proof    type 1 ‖ version 2 ‖ sealed identity 104 ‖ tag 16
 *   identity peer id 32 ‖ clock 8 (ms since 1970) ‖ signature 64
 *
 * To a hello of another version the answer is its header alone. Afterwards each message is whole frames, one behind the
 * other, at most LINK_BATCH_MAX_BYTES, and where the transport has no binding a tag of 16 behind them.
 *
 * Control frames, circuit id 0, zeros behind:
 *
 *   ping, pong       type 1 ‖ number 4
 *   descriptorPart   type 1 ‖ whole length 2 ‖ offset 2 ‖ length 2 ‖ bytes
 *   goodbye          type 1 ‖ LINK_CLOSE 1
 */

type HandshakeType = (typeof HANDSHAKE)[keyof typeof HANDSHAKE];

/** Without the descriptor of an answer. */
const HANDSHAKE_BYTES: Record<HandshakeType, number> = {
  [HANDSHAKE.hello]: LINK_HELLO_BYTES,
  [HANDSHAKE.answer]: LINK_ANSWER_BYTES,
  [HANDSHAKE.proof]: LINK_PROOF_BYTES,
};

export function encodeHandshake(type: HandshakeType, version: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const message = new Writer(HANDSHAKE_BYTES[type]).u8(type).u16(version);
  for (const part of parts) message.raw(part);
  return message.done();
}

/**
 * A view of what stands behind the header; undefined when the message is of another version than `ours`.
 * @throws DecodeError when the type is another, or the length is none of our version.
 */
export function decodeHandshake(message: Uint8Array, wanted: HandshakeType, ours: number): Uint8Array | undefined {
  const reader = new Reader(message, 'handshake');
  const type = reader.u8('type');
  if (type !== wanted) reader.fail(`type ${wanted} was wanted, ${type} came`);
  const version = reader.u16('version');
  if (version !== ours) return undefined;
  const leastBytes = HANDSHAKE_BYTES[wanted];
  const mostBytes = wanted === HANDSHAKE.answer ? leastBytes + DESCRIPTOR_MAX_BYTES : leastBytes;
  if (message.length < leastBytes || message.length > mostBytes) reader.fail(`${leastBytes} bytes were wanted, ${message.length} came`);
  return message.subarray(HANDSHAKE_HEADER_BYTES);
}

export interface HandshakeIdentity {
  readonly publicKey: Uint8Array;
  readonly clockMs: number;
  readonly signature: Uint8Array;
}

export function encodeHandshakeIdentity({ publicKey, clockMs, signature }: HandshakeIdentity): Uint8Array {
  return new Writer(LINK_IDENTITY_BYTES).raw(publicKey).u64(clockMs).raw(signature).done();
}

/** @throws DecodeError */
export function decodeHandshakeIdentity(bytes: Uint8Array): HandshakeIdentity {
  const reader = new Reader(bytes, 'handshake identity');
  const identity = {
    publicKey: reader.raw(PEER_ID_BYTES, 'peer id'),
    clockMs: reader.u64('clock'),
    signature: reader.raw(SIGNATURE_BYTES, 'signature'),
  };
  reader.end();
  return identity;
}

/** Where the parts of an answer or proof lie behind its header. */
export function splitAnswer(body: Uint8Array): { ephemeral: Uint8Array; sealed: Uint8Array; tag: Uint8Array } {
  return { ephemeral: body.subarray(0, KEY_BYTES), ...splitProof(body.subarray(KEY_BYTES)) };
}

export function splitProof(body: Uint8Array): { sealed: Uint8Array; tag: Uint8Array } {
  const tagAt = body.length - TAG_BYTES;
  return { sealed: body.subarray(0, tagAt), tag: body.subarray(tagAt) };
}

/**
 * The frames of a batch, views of it.
 * @throws DecodeError when a type does not exist or the last frame is cut short.
 */
export function splitBatch(batch: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  let offset = 0;
  while (offset < batch.length) {
    if (offset + FRAME_HEADER_BYTES > batch.length) throw new DecodeError('batch', offset, 'frame header cut short');
    const lengthBytes = frameLengthBytes(batch[offset + 4] as number);
    if (lengthBytes === undefined) throw new DecodeError('batch', offset, `no frame has type ${batch[offset + 4]}`);
    if (offset + lengthBytes > batch.length) throw new DecodeError('batch', offset, 'frame cut short');
    frames.push(batch.subarray(offset, offset + lengthBytes));
    offset += lengthBytes;
  }
  return frames;
}

export type Control =
  | { readonly type: typeof CONTROL.ping | typeof CONTROL.pong; readonly number: number }
  | { readonly type: typeof CONTROL.descriptorPart; readonly wholeBytes: number; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly type: typeof CONTROL.withdrawal; readonly request: Uint8Array }
  | { readonly type: typeof CONTROL.goodbye; readonly code: LinkCloseCode };

/** A whole frame. */
export function encodeControl(control: Control): Uint8Array {
  const frame = newFrame(0, FRAME.control);
  const content = new Writer(16).u8(control.type);
  if (control.type === CONTROL.goodbye) content.u8(control.code);
  else if (control.type === CONTROL.withdrawal) content.raw(control.request);
  else if (control.type === CONTROL.descriptorPart) content.u16(control.wholeBytes).u16(control.offset).bytes16(control.bytes);
  else content.u32(control.number);
  frameContent(frame).set(content.done());
  return frame;
}

/** The control frames that carry a descriptor, in order. */
export function descriptorFrames(descriptor: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let offset = 0; offset < descriptor.length; offset += DESCRIPTOR_PART_MAX_BYTES) {
    const bytes = descriptor.subarray(offset, offset + DESCRIPTOR_PART_MAX_BYTES);
    frames.push(encodeControl({ type: CONTROL.descriptorPart, wholeBytes: descriptor.length, offset, bytes }));
  }
  return frames;
}

const CLOSE_CODES = new Set<number>(Object.values(LINK_CLOSE));

/** @throws DecodeError when the type or a code does not exist, or a length points past what it may. */
export function decodeControl(frame: Uint8Array): Control {
  const reader = new Reader(frameContent(frame), 'link control');
  const type = reader.u8('type');
  switch (type) {
    case CONTROL.ping:
    case CONTROL.pong:
      return { type, number: reader.u32('number') };
    case CONTROL.goodbye: {
      const code = reader.u8('code');
      return CLOSE_CODES.has(code) ? { type, code: code as LinkCloseCode } : reader.fail(`no close code is ${code}`);
    }
    case CONTROL.withdrawal:
      return { type, request: reader.raw(WITHDRAWAL_BYTES, 'request') };
    case CONTROL.descriptorPart:
      return decodeDescriptorPart(reader);
    default:
      return reader.fail(`no control type is ${type}`);
  }
}

function decodeDescriptorPart(reader: Reader): Control {
  const wholeBytes = reader.u16('whole length');
  if (wholeBytes === 0 || wholeBytes > DESCRIPTOR_MAX_BYTES) reader.fail(`a descriptor of ${wholeBytes} bytes`);
  const offset = reader.u16('offset');
  const bytes = reader.bytes16(Math.max(0, wholeBytes - offset), 'part');
  if (bytes.length === 0) reader.fail('an empty part');
  return { type: CONTROL.descriptorPart, wholeBytes, offset, bytes };
}
