import type { Socket } from 'node:net';
import { FRAME_CELL_BYTES, TAG_BYTES } from '../src/core/wire/geometry.ts';

/** As long as a link's message with one cell in it. */
export const BARE_MESSAGE_BYTES = FRAME_CELL_BYTES + TAG_BYTES;

/** Calls back with each whole message of a socket. */
export function onMessages(socket: Socket, call: (message: Uint8Array) => void): void {
  let rest: Uint8Array = new Uint8Array(0);
  socket.on('data', (chunk: Uint8Array) => {
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (; bytes.length >= BARE_MESSAGE_BYTES; bytes = bytes.subarray(BARE_MESSAGE_BYTES)) call(bytes.subarray(0, BARE_MESSAGE_BYTES));
    rest = bytes;
  });
}
