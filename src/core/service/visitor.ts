import type { Address, PeerId } from '../bytes/brand.ts';
import { hex } from '../bytes/bytes.ts';
import { GlobalNetError, loggable } from '../bytes/errors.ts';
import { sample } from '../env.ts';
import { decodeAddress, encodeAddress } from '../wire/address.ts';
import { HELLO_MESSAGES_BYTES, MOVE_BYTES, SERVICE_POINTS_MAX, SESSION_ID_BYTES, WORK_BYTES } from '../wire/geometry.ts';
import { encodeMessage } from '../wire/message.ts';
import { MESSAGE } from '../wire/registry.ts';
import { encodeConnect } from '../wire/rendezvous.ts';
import type { ServicePoint, ServiceRecord } from '../wire/service-record.ts';
import { ATTEMPTS_MAX, CACHED_ATTEMPTS_MAX, EFFORT_MIN, OPEN_TIMEOUT_MS, POINT_SILENT_FOR_MS, VISITOR_EFFORT_MAX } from './constants.ts';
import { abortAfter } from './deadline.ts';
import { type HeldInvitation, makeHello, type PendingHello } from './hello.ts';
import { RecordCache, type Visited } from './record-cache.ts';
import type { ConnectOptions, ServiceConnection, ServiceDeps } from './types.ts';
import { answerWithinMs, awaitWelcome, WorkWanted } from './visit-attempt.ts';
import { solveWork } from './work.ts';

interface Way {
  readonly point: ServicePoint;
  readonly record: ServiceRecord;
}

/** How one way is tried. */
interface Try {
  /** Another one is left. */
  readonly isHasty: boolean;
  /** Ways that have failed just before. */
  readonly failed: number;
}

interface Log {
  readonly failures: GlobalNetError[];
  /** Ways that failed and are tried once more when the others have failed: whether there was silence. */
  readonly once: Map<string, { isSilent: boolean }>;
  /** Ways that are not tried any more. */
  readonly over: Set<string>;
  /** Where somebody was asked. */
  readonly points: Set<PeerId>;
}

interface Visiting extends Visited {
  readonly invitation: HeldInvitation | undefined;
  readonly sessionId: Uint8Array;
  readonly options: ConnectOptions & Required<Pick<ConnectOptions, 'hellos'>>;
}

/** Opens ways to services. Each connect is a circuit of its own, isolated by the address. */
export class ServiceVisitor {
  readonly #deps: ServiceDeps;
  readonly #cache: RecordCache;
  /** Points behind which there was silence, and when. */
  readonly #silent = new Map<PeerId, number>();

  constructor(deps: ServiceDeps) {
    this.#deps = deps;
    this.#cache = new RecordCache(deps);
  }

  /** Forgets which services were looked up. */
  forget(): void {
    this.#cache.clear();
  }

  /**
   * Resolves when there is a record of the service, which `connect` then uses. Goes to no point: whether anybody answers is not known yet.
   * @throws GlobalNetError `malformed` (the address), `unknown` (no record of it), `refused` (it is for others who are invited), or why the
   * DHT could not be asked.
   */
  async find(address: string, signal?: AbortSignal): Promise<void> {
    await this.#cache.get(await this.#visited(address), false, signal);
  }

  async #visited(text: string): Promise<Visited & { invitation: HeldInvitation | undefined }> {
    const publicKey = decodeAddress(text);
    const address = encodeAddress(publicKey);
    const invitation = await this.#deps.invitationTo(address);
    return { address, publicKey, secret: invitation?.secret, invitation };
  }

  /**
   * One point after another, in random order, until the service answers; a record that leads nowhere, from before or from a look-up that
   * was content with what half of its holders said, is looked up anew.
   * @throws GlobalNetError `malformed` (the address), `unknown` (no record of it), `unserved` (a record, and nobody answers),
   * `timeout` (nor says no), `refused` (it is for others who are invited, or asks for more work than we do), `cancelled`, or why the DHT could not be asked.
   */
  async connect(address: string, options: ConnectOptions): Promise<ServiceConnection> {
    const sessionId = options.sessionId ?? this.#deps.env.random(SESSION_ID_BYTES);
    if (options.messages.length > HELLO_MESSAGES_BYTES)
      throw new RangeError(`${options.messages.length} bytes of messages, ${HELLO_MESSAGES_BYTES} fit in a hello`);
    const visiting: Visiting = { ...(await this.#visited(address)), sessionId, options: { hellos: { made: 0 }, ...options } };
    const log: Log = { failures: [], once: new Map(), over: new Set(), points: new Set() };
    const known = await this.#cache.get(visiting, false, options.signal);
    let connection = await this.#tryWays(visiting, known.records, log, known.cached ? CACHED_ATTEMPTS_MAX : ATTEMPTS_MAX);
    if (connection === undefined) {
      const { records } = await this.#cache.get(visiting, true, options.signal);
      connection = await this.#tryWays(visiting, records, log, ATTEMPTS_MAX);
    }
    if (connection === undefined) throw verdict(visiting.address, log);
    return connection;
  }

  /** Undefined when no way led there; the log says why. */
  async #tryWays(
    visiting: Visiting,
    records: readonly ServiceRecord[],
    log: Log,
    attempts: number,
  ): Promise<ServiceConnection | undefined> {
    const ways = this.#ways(records, visiting.options);
    for (let attempt = 0; attempt < attempts; attempt++) {
      const left = ways.filter((way) => !log.over.has(nameOf(way)));
      const way = left.find((one) => !log.once.has(nameOf(one))) ?? left[0];
      if (way === undefined) return undefined;
      const name = nameOf(way);
      // Where there was silence at all points, all may be slow: nobody is hurried twice.
      const isHasty = left.length > 1 && !log.once.get(name)?.isSilent;
      log.points.add(way.point.peer);
      try {
        const connection = await this.#attempt(visiting, way, { isHasty, failed: log.failures.length });
        this.#silent.delete(way.point.peer);
        return connection;
      } catch (error) {
        if (visiting.options.signal?.aborted) throw new GlobalNetError('cancelled', 'stopped on the way to a service');
        if (!(error instanceof GlobalNetError)) throw error;
        this.#deps.env.log('debug', 'service', `no way by one of its points: ${loggable(error)}`);
        const isSilent = error.kind === 'timeout';
        if (isSilent) this.#silent.set(way.point.peer, this.#deps.env.now());
        // It may have been our own path, and the only point that leads there.
        const isWorthAnother = (isSilent && isHasty) || error.kind === 'unreachable';
        if (isWorthAnother && !log.once.has(name)) log.once.set(name, { isSilent });
        else log.over.add(name);
        log.failures.push(error);
      }
    }
    return undefined;
  }

  /**
   * The hosts' points in turn, all drawn at random, so that hosts that are gone cost one try each; hosts whose hello keys have run out last.
   * After a point has failed, the other points of its host first: the session is with that one. Points behind which there was silence lately
   * come late.
   */
  #ways(records: readonly ServiceRecord[], { avoid }: ConnectOptions): Way[] {
    const { env } = this.#deps;
    const shuffled = sample(env, records, records.length);
    const isStale = ({ freshUntilMs }: ServiceRecord): boolean => freshUntilMs <= env.now();
    const hosts = [...shuffled.filter((record) => !isStale(record)), ...shuffled.filter(isStale)].map((record) =>
      sample(env, record.points, record.points.length).map((point): Way => ({ point, record })),
    );
    const inTurn = Array.from({ length: SERVICE_POINTS_MAX }, (_, i) => hosts.flatMap((ways) => ways[i] ?? [])).flat();
    const failed = inTurn.filter(({ point }) => point.peer === avoid);
    const rank = (way: Way): number => {
      if (failed.includes(way)) return 3;
      if (this.#isSilent(way.point.peer)) return 2;
      return failed.some(({ record }) => record === way.record) ? 0 : 1;
    };
    return [...inTurn].sort((a, b) => rank(a) - rank(b));
  }

  #isSilent(point: PeerId): boolean {
    for (const [peer, atMs] of this.#silent) if (this.#deps.env.now() - atMs >= POINT_SILENT_FOR_MS) this.#silent.delete(peer);
    return this.#silent.has(point);
  }

  async #attempt(visiting: Visiting, way: Way, how: Try): Promise<ServiceConnection> {
    const { effort } = way.record;
    try {
      return await this.#knock(visiting, way, effort, how);
    } catch (error) {
      // The price may have risen since the record. A point that asks for far more than the service signed only wastes our work.
      if (!(error instanceof WorkWanted) || error.effort > 4 * Math.max(effort, EFFORT_MIN)) throw error;
      return this.#knock(visiting, way, error.effort, how);
    }
  }

  async #knock(visiting: Visiting, way: Way, effort: number, how: Try): Promise<ServiceConnection> {
    const { env, points, circuits, openChannels } = this.#deps;
    const { options, address, sessionId } = visiting;
    const hello = this.#hello(visiting, way, how);
    const early = await this.#connectMessage(way, hello, effort, options.signal);
    const deadline = abortAfter(env, OPEN_TIMEOUT_MS, options.signal);
    try {
      await points.learn(way.point, deadline.signal);
      const startMs = env.now();
      const opened = await circuits.openTo(way.point, early, `visit ${address}`, deadline.signal, { isHasty: how.isHasty });
      const withinMs = answerWithinMs(env, env.now() - startMs, how.isHasty);
      const { pipe, messages } = await awaitWelcome(env, openChannels, opened, hello, withinMs, options.signal);
      return { pipe, sessionId, messages, point: way.point.peer, hops: opened.hops };
    } catch (error) {
      if (!deadline.signal.aborted) throw error;
      throw new GlobalNetError('timeout', 'no circuit to the rendezvous point in time', { cause: error });
    } finally {
      deadline.done();
    }
  }

  #hello({ publicKey, sessionId, options, invitation }: Visiting, { point, record }: Way, { failed }: Try): PendingHello {
    const { resumes = false, hellos, avoid, messages } = options;
    const missed = failed > 0 || (resumes && avoid !== undefined);
    const words = { sessionId, resumes, missed, number: ++hellos.made, messages, invitation };
    const hello = makeHello(this.#deps.env, { service: publicKey, point: point.peer }, record.keys, words);
    if (hello === undefined) throw new GlobalNetError('unverified', 'the service has published keys that are none');
    return hello;
  }

  async #connectMessage({ point }: Way, hello: PendingHello, effort: number, signal?: AbortSignal): Promise<Uint8Array> {
    if (effort > VISITOR_EFFORT_MAX)
      throw new GlobalNetError('refused', `the service asks for work of ${effort}, this peer does at most ${VISITOR_EFFORT_MAX}`);
    const work = effort === 0 ? new Uint8Array(WORK_BYTES) : await solveWork(this.#deps.env, point.tag, hello.bytes, effort, signal);
    return encodeMessage(
      MESSAGE.connect,
      encodeConnect({ tag: point.tag, effort, work, move: new Uint8Array(MOVE_BYTES), hello: hello.bytes }),
    );
  }
}

/** With new hello keys, or another price, a point is worth another try. */
function nameOf({ point, record }: Way): string {
  return `${hex(point.tag)} ${hex(record.keys.keyId)} ${record.effort}`;
}

function verdict(address: Address, { failures, points }: Log): GlobalNetError {
  const last = failures.at(-1);
  const options = { cause: last };
  if (last !== undefined && failures.every(({ kind }) => kind === 'timeout')) {
    return new GlobalNetError('timeout', `${address} is known, but did not answer in time at any of ${points.size} points`, options);
  }
  if (last?.kind === 'refused' && failures.every(({ kind }) => kind === 'refused')) return last;
  return new GlobalNetError(
    'unserved',
    `${address} is known, but nobody answers for it at the ${points.size} points that were tried`,
    options,
  );
}
