import { EMPTY } from '../../src/core/bytes/bytes.ts';
import type { ServiceSession } from '../../src/core/peer/index.ts';
import type { SessionStream } from '../../src/core/stream/index.ts';
import type { StreamKind } from '../../src/core/wire/registry.ts';
import { FIRST_BYTES_SOON_MS, FIRST_BYTES_WAIT_MS } from './constants.ts';
import type { Gate } from './join.ts';
import { isRepeatable } from './repeatable.ts';
import type { SocketBytes } from './socket-bytes.ts';

/** What a connection needs of a session, with whomever it is. */
export type TcpSession = Pick<ServiceSession, 'attached' | 'openStream'>;

/** A stream for this connection, with what the client says first on its way along where it may be. @throws as `openStream`. */
export async function openWithFirst(
  session: TcpSession,
  kind: StreamKind,
  request: Uint8Array,
  client: SocketBytes,
  said: Uint8Array = EMPTY,
): Promise<SessionStream> {
  let first = said;
  if (first.length === 0) first = await client.readWithin(session.attached ? FIRST_BYTES_SOON_MS : FIRST_BYTES_WAIT_MS);
  const rides = isRepeatable(first);
  const stream = await session.openStream(kind, request, rides ? first : EMPTY);
  if (rides || first.length === 0) return stream;
  await stream.connected;
  await stream.write(first);
  return stream;
}

/** Until the other side has answered, only what may reach it twice goes out. */
export function gateOf(stream: SessionStream): Gate {
  let answered = false;
  stream.connected.then(
    () => (answered = true),
    () => undefined, // whoever reads hears of it
  );
  return (bytes) => (answered || isRepeatable(bytes) ? undefined : stream.connected);
}
