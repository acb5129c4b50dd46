import { createServer } from 'node:net';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import type { PathSession } from '../../src/core/peer/index.ts';
import { StreamReset } from '../../src/core/stream/index.ts';
import { END, type EndReason, STREAM } from '../../src/core/wire/registry.ts';
import { Clients } from './clients.ts';
import { SHARED_PATH_MS, TUNNEL_CONNECTIONS_MAX } from './constants.ts';
import { gateOf, openWithFirst } from './first-bytes.ts';
import { join } from './join.ts';
import { listen } from './listen.ts';
import { isReadOrGreeting } from './repeatable.ts';
import { SocketBytes } from './socket-bytes.ts';

/** What a tunnel needs of a `PathSession`. */
export type TunnelSession = Pick<PathSession, 'attached' | 'openStream' | 'close'>;

export interface TunnelOptions {
  readonly host: string;
  readonly port: number;
  /** Where it leads, as the last hop is asked: src/core/wire/exit.ts. */
  readonly request: Uint8Array;
  /** One path for all connections, instead of one for each. */
  readonly share: boolean;
  /** So long a shared path takes connections. SHARED_PATH_MS unless said otherwise. */
  readonly sharedForMs?: number;
  /** So long the last hop may take to answer. ANSWER_TIMEOUT_MS unless said otherwise. */
  readonly answerWithinMs?: number;
  /** A path of its own. */
  newSession(): TunnelSession;
  /** Connections at a time. TUNNEL_CONNECTIONS_MAX unless said otherwise. */
  readonly connectionsMax?: number;
  /** A connection could not be made, or broke off in the network. */
  onFailure(why: string): void;
  /** There is no room for a connection, and why: the same words each time. */
  onWarning(why: string): void;
}

export interface Tunnel {
  readonly host: string;
  readonly port: number;
  close(): void;
}

/** A local port whose connections go through the network to one target. @throws GlobalNetError `busy` | `refused` (the port). */
export async function startTunnel(options: TunnelOptions): Promise<Tunnel> {
  const clients = new Clients(options.connectionsMax ?? TUNNEL_CONNECTIONS_MAX, options.onWarning);
  let closed = false;
  const paths = options.share
    ? new SharedPath(options.newSession, options.sharedForMs ?? SHARED_PATH_MS)
    : new OwnPaths(options.newSession);
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    if (clients.add(socket)) void serve(options, paths, new SocketBytes(socket), () => closed);
  });
  const port = await listen(server, options, 'begin the chain with another port, or 0 for any free one');
  clients.watch(server);
  return {
    host: options.host,
    port,
    close() {
      closed = true;
      server.close();
      clients.close();
      paths.close();
    },
  };
}

/** One connection, from first to last. Never rejects. */
async function serve(
  { request, answerWithinMs, onFailure }: TunnelOptions,
  paths: Paths,
  client: SocketBytes,
  isClosed: () => boolean,
): Promise<void> {
  const session = paths.take();
  let isGone = false;
  const onGone = (): void => {
    isGone = true;
    paths.giveBack(session);
  };
  client.socket.once('close', onGone); // nobody waits for a turn, or a path, any more
  try {
    const { stream, stands } = await openWithFirst(
      session,
      { kind: STREAM.exit, request, answerWithinMs, mayRepeat: isReadOrGreeting },
      client,
    );
    client.socket.off('close', onGone);
    await join(client, stream, gateOf(stream, isReadOrGreeting));
    await stands;
    await stream.finished; // before the path under it is given back
  } catch (error) {
    // Either side of a connection may break it off: that is nobody's failure.
    const isBrokenOff = error instanceof StreamReset && error.reason === END.cancelled;
    if (!isBrokenOff && !isGone && !isClosed()) onFailure(failureInWords(error));
    client.socket.resetAndDestroy();
  } finally {
    client.socket.off('close', onGone);
    if (!isGone) paths.giveBack(session);
  }
}

// ---------------------------------------------------------------- paths for connections

interface Paths {
  take(): TunnelSession;
  giveBack(session: TunnelSession): void;
  close(): void;
}

class OwnPaths implements Paths {
  readonly #sessions = new Set<TunnelSession>();

  constructor(private readonly newSession: () => TunnelSession) {}

  take(): TunnelSession {
    const session = this.newSession();
    this.#sessions.add(session);
    return session;
  }

  giveBack(session: TunnelSession): void {
    this.#sessions.delete(session);
    session.close();
  }

  close(): void {
    for (const session of this.#sessions) session.close();
  }
}

/** Takes connections for a while, then the next ones get another: a path that is kept for days tells more and more of who uses it. */
class SharedPath implements Paths {
  /** Connections of each session that is not given back. */
  readonly #users = new Map<TunnelSession, number>();
  #current: TunnelSession | undefined;
  #retiring: NodeJS.Timeout | undefined;

  constructor(
    private readonly newSession: () => TunnelSession,
    private readonly sharedForMs: number,
  ) {}

  take(): TunnelSession {
    if (this.#current === undefined) {
      this.#current = this.newSession();
      this.#retiring = setTimeout(() => this.#retire(), this.sharedForMs).unref();
    }
    this.#use(this.#current, 1);
    return this.#current;
  }

  giveBack(session: TunnelSession): void {
    this.#use(session, -1);
  }

  close(): void {
    clearTimeout(this.#retiring);
    for (const session of this.#users.keys()) session.close();
  }

  #retire(): void {
    const old = this.#current;
    this.#current = undefined;
    if (old !== undefined) this.#use(old, 0);
  }

  #use(session: TunnelSession, more: number): void {
    const users = (this.#users.get(session) ?? 0) + more;
    this.#users.set(session, users);
    if (users > 0 || session === this.#current) return;
    this.#users.delete(session);
    session.close();
  }
}

// ---------------------------------------------------------------- words

const RESET_IN_WORDS: Partial<Record<EndReason, string>> = {
  [END.refused]: 'the last hop does not go there: neither a policy nor a grant of its owner allows it',
  [END.unresolvable]: 'the last hop finds no address for that name',
  [END.unreachable]: 'the last hop finds no way there',
  [END.portClosed]: 'nobody listens there',
  [END.timeout]: 'nobody answers there',
  [END.full]: 'the last hop has too many connections open',
  [END.sessionLost]: 'the circuit broke; the next connection takes another',
};

/** Why a connection failed. Says nothing of where it went. */
export function failureInWords(error: unknown): string {
  if (error instanceof StreamReset) return RESET_IN_WORDS[error.reason] ?? error.message;
  return error instanceof GlobalNetError ? error.message : String(error);
}
