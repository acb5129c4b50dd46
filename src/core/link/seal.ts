import { EMPTY } from '../bytes/bytes.ts';
import type { Aead } from '../ports.ts';
import { TAG_BYTES } from '../wire/geometry.ts';

/**
 * Packs frames into messages and back. Where the transport does not protect its bytes, each message is sealed under the key
 * of its direction, the nonce its number; a message lost, moved, repeated or changed fails to open.
 */
export interface Sealer {
  readonly overheadBytes: number;
  pack(frames: readonly Uint8Array[], lengthBytes: number): Uint8Array;
  /** The frames' bytes; undefined when the seal is wrong. The message is used up. */
  open(message: Uint8Array): Uint8Array | undefined;
}

export const plainSealer: Sealer = {
  overheadBytes: 0,
  pack: (frames, lengthBytes) => gather(frames, lengthBytes, 0),
  open: (message) => message,
};

export function aeadSealer(aead: Aead, sendKey: Uint8Array, receiveKey: Uint8Array): Sealer {
  let sent = 0;
  let received = 0;
  return {
    overheadBytes: TAG_BYTES,
    pack(frames, lengthBytes) {
      const message = gather(frames, lengthBytes, TAG_BYTES);
      const inside = message.subarray(0, lengthBytes);
      aead.seal(sendKey, sent++, inside, EMPTY, inside, message.subarray(lengthBytes));
      return message;
    },
    open(message) {
      if (message.length < TAG_BYTES) return undefined;
      const inside = message.subarray(0, message.length - TAG_BYTES);
      return aead.open(receiveKey, received++, inside, EMPTY, inside, message.subarray(inside.length)) ? inside : undefined;
    },
  };
}

function gather(frames: readonly Uint8Array[], lengthBytes: number, spareBytes: number): Uint8Array {
  const message = new Uint8Array(lengthBytes + spareBytes);
  let offset = 0;
  for (const frame of frames) {
    message.set(frame, offset);
    offset += frame.length;
  }
  return message;
}
