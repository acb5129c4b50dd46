import type { SessionStream } from '../../src/core/stream/index.ts';
import { END } from '../../src/core/wire/registry.ts';
import { ANSWER_SOON_MS } from './constants.ts';
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

/**
 * As `join`, at the side that made the connection: it says so to the opener. Where the opener has sent something already, the answer to that
 * says it as well, and a cell of its own is saved.
 */
export async function acceptAndJoin(socket: SocketBytes, stream: SessionStream): Promise<void> {
  if (stream.receivedBytes === 0) {
    stream.accept();
    return join(socket, stream);
  }
  const timer = setTimeout(() => stream.accept(), ANSWER_SOON_MS);
  await join(socket, stream, () => void clearTimeout(timer));
  clearTimeout(timer);
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
