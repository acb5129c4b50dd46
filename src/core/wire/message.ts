import { DecodeError } from '../bytes/errors.ts';
import { MESSAGE_HEADER_BYTES } from './geometry.ts';
import { MESSAGE } from './registry.ts';

/**
 * Messages: the one grammar of early data, reply data, channel 0 and sealed payloads.
 *
 *   type     1   MESSAGE; 0 means that the rest is padding
 *   length   2
 *   content  length
 */
export interface Message {
  readonly type: number;
  /** A view of the payload it came in. */
  readonly content: Uint8Array;
}

export function messageLengthBytes(contentBytes: number): number {
  return MESSAGE_HEADER_BYTES + contentBytes;
}

/** Writes a message at `offset` and answers the offset behind it. The caller has seen to the room. */
export function writeMessage(payload: Uint8Array, offset: number, type: number, content: Uint8Array): number {
  payload[offset] = type;
  payload[offset + 1] = content.length >>> 8;
  payload[offset + 2] = content.length;
  payload.set(content, offset + MESSAGE_HEADER_BYTES);
  return offset + MESSAGE_HEADER_BYTES + content.length;
}

export function encodeMessage(type: number, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(messageLengthBytes(content.length));
  writeMessage(bytes, 0, type, content);
  return bytes;
}

/** @throws DecodeError when a length points past the payload's end. */
export function* readMessages(payload: Uint8Array): Generator<Message> {
  let offset = 0;
  while (offset < payload.length) {
    const type = payload[offset] as number;
    if (type === MESSAGE.padding) return;
    if (offset + MESSAGE_HEADER_BYTES > payload.length) throw new DecodeError('message', offset, 'header cut short');
    const lengthBytes = ((payload[offset + 1] as number) << 8) | (payload[offset + 2] as number);
    const start = offset + MESSAGE_HEADER_BYTES;
    if (start + lengthBytes > payload.length) throw new DecodeError('message', offset, `content of ${lengthBytes} bytes does not fit`);
    yield { type, content: payload.subarray(start, start + lengthBytes) };
    offset = start + lengthBytes;
  }
}
