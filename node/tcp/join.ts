import type { SessionStream } from '../../src/core/stream/index.ts';
import { END } from '../../src/core/wire/registry.ts';
import type { SocketBytes } from './socket-bytes.ts';

/** Whether bytes may go out now; asked for each piece from the socket. */
export type Gate = (bytes: Uint8Array) => Promise<void> | undefined;

/**
 * Carries bytes and half-closes both ways until both directions have ended. Whichever side is slow, the other waits: nothing is read before
 * there is room for it. What breaks one side off resets the other. Never rejects.
 */
export async function join(socket: SocketBytes, stream: SessionStream, gate: Gate = () => undefined): Promise<void> {
  try {
    await Promise.all([intoStream(socket, stream, gate), intoSocket(socket, stream)]);
  } catch {
    stream.reset(END.cancelled);
    socket.socket.resetAndDestroy();
  }
}

async function intoStream(socket: SocketBytes, stream: SessionStream, gate: Gate): Promise<void> {
  for (let bytes = await socket.read(); bytes !== undefined; bytes = await socket.read()) {
    await gate(bytes);
    await stream.write(bytes);
  }
  stream.end();
}

async function intoSocket(socket: SocketBytes, stream: SessionStream): Promise<void> {
  for (let bytes = await stream.read(); bytes !== undefined; bytes = await stream.read()) await socket.write(bytes);
  socket.socket.end();
}
