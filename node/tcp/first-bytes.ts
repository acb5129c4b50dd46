import { EMPTY } from '../../src/core/bytes/bytes.ts';
import type { ServiceSession } from '../../src/core/peer/index.ts';
import type { Env } from '../../src/core/env.ts';
import { answered, type SessionStream } from '../../src/core/stream/index.ts';
import type { StreamKind } from '../../src/core/wire/registry.ts';
import { ANSWER_TIMEOUT_MS, FIRST_BYTES_SOON_MS, FIRST_BYTES_WAIT_MS } from './constants.ts';
import type { Gate } from './join.ts';
import type { MayRepeat } from './repeatable.ts';
import type { SocketBytes } from './socket-bytes.ts';

/** What a connection needs of a session, with whomever it is. */
export type TcpSession = Pick<ServiceSession, 'attached' | 'openStream'>;

const CLOCK: Pick<Env, 'schedule'> = {
  schedule(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};

export interface Wish {
  readonly kind: StreamKind;
  readonly request: Uint8Array;
  readonly mayRepeat: MayRepeat;
  /** What the client has said already. */
  readonly said?: Uint8Array;
  /** ANSWER_TIMEOUT_MS unless said otherwise. */
  readonly answerWithinMs?: number | undefined;
  /** Hears why the connection does not stand. */
  onFailure?(error: unknown): void;
}

/** A stream, and whether its connection stands: until that is known, its reader waits. */
export interface Opened {
  readonly stream: SessionStream;
  /** As `answered`. Nobody need wait for it: who reads or writes hears of the same. */
  readonly stands: Promise<void>;
}

/** A stream whose other end answers in time or not at all. @throws as `openStream`. */
export async function open(
  session: TcpSession,
  { kind, request, answerWithinMs = ANSWER_TIMEOUT_MS, onFailure }: Omit<Wish, 'mayRepeat'>,
  first?: Uint8Array,
): Promise<Opened> {
  const stream = await session.openStream(kind, request, first);
  const stands = answered(CLOCK, stream, answerWithinMs);
  stands.catch((error) => onFailure?.(error));
  return { stream, stands };
}

/** A stream for this connection, with what the client says first on its way along where it may be. @throws as `openStream` and `answered`. */
export async function openWithFirst(session: TcpSession, wish: Wish, client: SocketBytes): Promise<Opened> {
  const { said = EMPTY } = wish;
  let first = said;
  if (first.length === 0) first = await client.readWithin(session.attached ? FIRST_BYTES_SOON_MS : FIRST_BYTES_WAIT_MS);
  const rides = wish.mayRepeat(first);
  const opened = await open(session, wish, rides ? first : EMPTY);
  if (rides || first.length === 0) return opened;
  await opened.stands;
  await opened.stream.write(first);
  return opened;
}

/** Until the other side has answered, only what may reach it twice goes out. */
export function gateOf(stream: SessionStream, mayRepeat: MayRepeat): Gate {
  let answered = false;
  stream.connected.then(
    () => (answered = true),
    () => undefined, // whoever reads hears of it
  );
  return (bytes) => (answered || mayRepeat(bytes) ? undefined : stream.connected);
}
