import { Reader } from '../bytes/reader.ts';
import { CELL_AT, frameAround, partOfNewFrame } from './cell.ts';
import { CHANNEL_ACK_BYTES, CHANNEL_BYTES, CHANNEL_CLOSE_BYTES, CHANNEL_CREDIT_BYTES } from './geometry.ts';
import { type CloseReason, MESSAGE } from './registry.ts';

/**
 * Cell bodies, and the messages by which both ends of a circuit keep its windows. § docs/spec/06-streams.md
 *
 *   body            channel 4 ‖ payload to the body's end
 *
 *   circuitAck      cells 4    counted cells received since the circuit began
 *                   echo 4     the last 4 bytes of the body of the last of them
 *                   held 2     ms that it has waited for this ack
 *   channelCredit   channel 4
 *                   limit 4    payloads of this channel that may be sent, since it was opened
 *   channelClose    channel 4
 *                   reason 1   CLOSE
 */

const PAYLOAD_AT = CELL_AT.body + CHANNEL_BYTES;

/** A new body of the channel, its payload zero, with room for a frame around it. */
export function newBody(channel: number): Uint8Array {
  const body = partOfNewFrame(CELL_AT.body);
  writeU32(body, 0, channel);
  return body;
}

/** A new payload, zero, with room for a body around it. */
export function newPayload(): Uint8Array {
  return partOfNewFrame(PAYLOAD_AT);
}

/** The payload in a body of the channel: where it stands, if there is room around it. It is used up. */
export function bodyAround(channel: number, payload: Uint8Array): Uint8Array {
  const body = frameAround(payload, PAYLOAD_AT).subarray(CELL_AT.body);
  writeU32(body, 0, channel);
  return body;
}

/** The last 4 bytes of a body: whoever can say them has received it. */
export function bodyEcho(body: Uint8Array): number {
  return readU32(body, body.length - 4);
}

export function setBodyEcho(body: Uint8Array, echo: number): void {
  writeU32(body, body.length - 4, echo);
}

/** A cell of channel 0 counts for acks and the window when it holds at least one message of a type that counts; a cell of another
 * channel always does. Acks and credit do not, or they would be acked in turn; extensions go past the channels. */
export function messageCounts(type: number): boolean {
  return type > MESSAGE.channelCredit && type !== MESSAGE.extend && type !== MESSAGE.extended;
}

export interface CircuitAck {
  readonly cells: number;
  readonly echo: number;
  readonly heldMs: number;
}

export function encodeCircuitAck(ack: CircuitAck): Uint8Array {
  const content = new Uint8Array(CHANNEL_ACK_BYTES);
  writeU32(content, 0, ack.cells);
  writeU32(content, 4, ack.echo);
  content[8] = ack.heldMs >>> 8;
  content[9] = ack.heldMs;
  return content;
}

/** @throws DecodeError when it is not exactly as long as laid out. */
export function decodeCircuitAck(content: Uint8Array): CircuitAck {
  const reader = new Reader(content, 'circuit ack');
  const ack = { cells: reader.u32('cells'), echo: reader.u32('echo'), heldMs: reader.u16('held') };
  reader.end();
  return ack;
}

export interface ChannelCredit {
  readonly channel: number;
  readonly limit: number;
}

export function encodeChannelCredit(credit: ChannelCredit): Uint8Array {
  const content = new Uint8Array(CHANNEL_CREDIT_BYTES);
  writeU32(content, 0, credit.channel);
  writeU32(content, 4, credit.limit);
  return content;
}

/** @throws DecodeError when it is not exactly as long as laid out, or names channel 0. */
export function decodeChannelCredit(content: Uint8Array): ChannelCredit {
  const reader = new Reader(content, 'channel credit');
  const credit = { channel: channelNumber(reader), limit: reader.u32('limit') };
  reader.end();
  return credit;
}

export interface ChannelClose {
  readonly channel: number;
  readonly reason: CloseReason;
}

export function encodeChannelClose(close: ChannelClose): Uint8Array {
  const content = new Uint8Array(CHANNEL_CLOSE_BYTES);
  writeU32(content, 0, close.channel);
  content[4] = close.reason;
  return content;
}

/** A reason of a later version is passed on as it is. @throws DecodeError as `decodeChannelCredit`. */
export function decodeChannelClose(content: Uint8Array): ChannelClose {
  const reader = new Reader(content, 'channel close');
  const close = { channel: channelNumber(reader), reason: reader.u8('reason') as CloseReason };
  reader.end();
  return close;
}

function channelNumber(reader: Reader): number {
  const channel = reader.u32('channel');
  if (channel === 0) reader.fail('channel 0 has neither window nor end of its own');
  return channel;
}

function readU32(bytes: Uint8Array, offset: number): number {
  return (
    (((bytes[offset] as number) << 24) |
      ((bytes[offset + 1] as number) << 16) |
      ((bytes[offset + 2] as number) << 8) |
      (bytes[offset + 3] as number)) >>>
    0
  );
}

function writeU32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 24;
  bytes[offset + 1] = value >>> 16;
  bytes[offset + 2] = value >>> 8;
  bytes[offset + 3] = value;
}
