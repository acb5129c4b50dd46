import { createServer, type Socket } from 'node:net';
import { EMPTY } from '../../src/core/bytes/bytes.ts';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import type { Exits, ServiceSession } from '../../src/core/peer/index.ts';
import { type SessionStream, StreamReset } from '../../src/core/stream/index.ts';
import { ADDRESS_SUFFIX } from '../../src/core/wire/address.ts';
import type { ExitTarget } from '../../src/core/wire/exit.ts';
import { END, type EndReason, STREAM } from '../../src/core/wire/registry.ts';
import { encodeTcpRequest } from '../../src/core/wire/tcp.ts';
import { type ProxyEffect, ProxyHandshake, type ProxyTarget } from '../proxy/index.ts';
import { clearTarget } from './clear-target.ts';
import { Clients } from './clients.ts';
import { FIRST_BYTES_WAIT_MS, HANDSHAKE_TIMEOUT_MS, LINGER_MS, PROXY_CONNECTIONS_MAX } from './constants.ts';
import { gateOf, open, openWithFirst, type TcpSession } from './first-bytes.ts';
import { join } from './join.ts';
import { listen } from './listen.ts';
import { isRead, isReadOrGreeting } from './repeatable.ts';
import { SocketBytes } from './socket-bytes.ts';
import { exitFailureInWords, exitReplyOf, serviceFailureInWords, serviceReplyOf } from './proxy-reply.ts';

/** What the proxy needs of a `ServiceSession`. */
type VisitSession = TcpSession & Pick<ServiceSession, 'turnedAway'>;

export interface ProxyOptions {
  readonly host: string;
  readonly port: number;
  /** As `TcpVisits`. */
  readonly visits: { visit(address: string, isolation: string): Promise<VisitSession> };
  readonly exits: Pick<Exits, 'find' | 'connect'>;
  /** CONNECT is answered only when the service or the exit has answered, and with its own reason. */
  readonly strict: boolean;
  /** An IP address was asked for: whoever did has looked a name up, perhaps. */
  onIpTarget(): void;
  /** No way to the clear network, and why; or none is lacking: told each time that somebody asks. */
  onExit(lacking: string | undefined): void;
  /** A connection broke off in the network, and why: neither its client nor its target has ended it. */
  onBroken(why: string): void;
  /** A service wants no visit of ours, and why. */
  onRefused?(why: string): void;
  /** A service has not what a program asked it for, or an exit cannot reach it, and why: the same words each time. Without --strict a program hears a reset alone. */
  onNothingThere?(why: string): void;
  /** There is no room for somebody, and why: the same words each time. */
  onWarning(why: string): void;
  /** Clients at a time. PROXY_CONNECTIONS_MAX unless said otherwise. */
  readonly connectionsMax?: number;
  /** So long a service may take to answer. ANSWER_TIMEOUT_MS unless said otherwise. */
  readonly answerWithinMs?: number;
}

export interface RunningProxy {
  readonly host: string;
  readonly port: number;
  close(): void;
}

/** A proxy for programs, by SOCKS or HTTP's CONNECT: names that end in .gnet lead to services, all else through exits. Looks nothing up in any DNS. @throws GlobalNetError `busy` | `refused` (the port). */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const clients = new Clients(options.connectionsMax ?? PROXY_CONNECTIONS_MAX, options.onWarning);
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    if (!clients.add(socket)) return;
    clients.onSilent(socket);
    void new Client(options, socket, () => clients.onHeard(socket)).run();
  });
  const port = await listen(server, options, 'choose another with --listen');
  clients.watch(server);
  return {
    host: options.host,
    port,
    close() {
      server.close();
      clients.close();
    },
  };
}

const BROKEN_IN_WORDS: Partial<Record<EndReason, string>> = {
  [END.sessionLost]: 'the circuit under them broke; the next ones take another',
  [END.unreachable]: 'the path broke, and no other could be had',
};

/** One client, from its first byte to the end of its connection. */
class Client {
  readonly #options: ProxyOptions;
  readonly #bytes: SocketBytes;
  readonly #handshake = new ProxyHandshake();

  /** @param onHeard called once it has said what it wants. */
  constructor(
    options: ProxyOptions,
    socket: Socket,
    private readonly onHeard: () => void,
  ) {
    this.#options = options;
    this.#bytes = new SocketBytes(socket);
  }

  /** Never rejects. */
  async run(): Promise<void> {
    const { socket } = this.#bytes;
    try {
      const target = await this.#target();
      const stream = target && (await this.#open(target));
      if (stream === undefined) return await this.#takeLeave();
      this.#watch(stream);
      await join(this.#bytes, stream, gateOf(stream, isRead));
    } catch {
      socket.resetAndDestroy(); // it went away, or what it was told would come does not
    }
  }

  /** Tells when it breaks off in the network. `END.unreachable` of one that never stood is what its other end has found out about the target. */
  #watch(stream: SessionStream): void {
    let stood = false;
    stream.connected.then(
      () => (stood = true),
      () => undefined,
    );
    stream.finished.catch((error) => {
      const isLost = error instanceof StreamReset && (error.reason === END.sessionLost || (stood && error.reason === END.unreachable));
      if (isLost) this.#options.onBroken(BROKEN_IN_WORDS[error.reason] as string);
    });
  }

  /** What the client wants; undefined when it was told no, or left. */
  async #target(): Promise<ProxyTarget | undefined> {
    const { socket } = this.#bytes;
    const timer = setTimeout(() => socket.destroy(), HANDSHAKE_TIMEOUT_MS);
    try {
      for (let bytes = await this.#bytes.read(); bytes !== undefined; bytes = await this.#bytes.read()) {
        const target = this.#do(this.#handshake.push(bytes));
        if (target !== undefined) {
          this.onHeard();
          return target;
        }
        if (this.#handshake.state === 'closed') return undefined;
      }
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  #do(effects: readonly ProxyEffect[]): ProxyTarget | undefined {
    let target: ProxyTarget | undefined;
    for (const effect of effects) {
      if (effect.do === 'send') this.#bytes.socket.write(effect.bytes);
      else if (effect.do === 'connect') target = effect.target;
    }
    return target;
  }

  /** A socket that is closed with bytes unread takes the answer with it: what still comes is read and dropped, for a while. */
  async #takeLeave(): Promise<void> {
    const { socket } = this.#bytes;
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.end();
    try {
      while ((await this.#bytes.read()) !== undefined);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The stream, with the first bytes on their way where they may be. Undefined when the client was told no. @throws when it was told yes. */
  async #open(target: ProxyTarget): Promise<SessionStream | undefined> {
    const name = target.host.toLowerCase().replace(/\.$/, '');
    const isService = target.isName && name.endsWith(ADDRESS_SUFFIX);
    try {
      return isService ? await this.#openService(name, target) : await this.#openClear(target);
    } catch (error) {
      const kind = error instanceof GlobalNetError ? error.kind : 'internal';
      if (isService && kind === 'refused') this.#options.onRefused?.((error as Error).message);
      if (!isService) this.#tellNothing(exitFailureInWords(error));
      else if (error instanceof GlobalNetError) this.#tellNothing(serviceFailureInWords(error)); // of a stream it is told already
      if (kind === 'full') this.#options.onWarning((error as Error).message);
      if (this.#handshake.state !== 'asked') throw error;
      this.#do(this.#handshake.fail(isService ? serviceReplyOf(error) : exitReplyOf(error)));
      return undefined;
    }
  }

  async #openService(name: string, { port, isolation }: ProxyTarget): Promise<SessionStream> {
    const { visits, strict, answerWithinMs } = this.#options;
    const session = await visits.visit(name, isolation);
    const onFailure = (error: unknown): void => this.#tellUser(session, error);
    const wish = { kind: STREAM.tcp, request: encodeTcpRequest({ port }), answerWithinMs, onFailure };
    if (!strict) {
      this.#do(this.#handshake.succeed());
      const { stream } = await openWithFirst(session, { ...wish, mayRepeat: isRead, said: this.#handshake.takeRest() }, this.#bytes);
      return stream;
    }
    const { stream, stands } = await open(session, wish);
    await stands;
    this.#do(this.#handshake.succeed());
    await stream.write(this.#handshake.takeRest());
    return stream;
  }

  /** Of a stream that the service has not taken: the program may have heard a reset alone. */
  #tellUser(session: VisitSession, error: unknown): void {
    const { reason } = error instanceof StreamReset ? error : { reason: undefined };
    const turnedAway = reason === END.refused ? session.turnedAway : undefined;
    if (turnedAway !== undefined) this.#options.onRefused?.(turnedAway.message);
    else if (reason === END.unreachable && !session.attached) this.#options.onBroken(BROKEN_IN_WORDS[reason] as string);
    else this.#tellNothing(serviceFailureInWords(error));
  }

  #tellNothing(why: string | undefined): void {
    if (why !== undefined) this.#options.onNothingThere?.(why);
  }

  /** Undefined when the client was told that no exit will be asked for such a target. */
  async #openClear(asked: ProxyTarget): Promise<SessionStream | undefined> {
    const { exits, strict } = this.#options;
    if (!asked.isName) this.#options.onIpTarget();
    const target = clearTarget(asked);
    if (typeof target === 'number') {
      this.#do(this.#handshake.fail(target));
      return undefined;
    }
    await this.#untilExit(target, asked.isolation);
    if (strict) {
      const stream = await exits.connect(target, asked.isolation);
      this.#do(this.#handshake.succeed());
      await stream.write(this.#handshake.takeRest());
      return stream;
    }
    this.#do(this.#handshake.succeed());
    const said = this.#handshake.takeRest();
    const first = said.length > 0 ? said : await this.#bytes.readWithin(FIRST_BYTES_WAIT_MS);
    const rides = isReadOrGreeting(first);
    const stream = await exits.connect(target, asked.isolation, rides ? first : EMPTY);
    if (!rides) await stream.write(first);
    return stream;
  }

  async #untilExit(target: ExitTarget, isolation: string): Promise<void> {
    try {
      await this.#options.exits.find(target, isolation);
      this.#options.onExit(undefined);
    } catch (error) {
      this.#options.onExit((error as Error).message);
      throw error;
    }
  }
}
