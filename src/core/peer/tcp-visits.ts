import { GlobalNetError } from '../bytes/errors.ts';
import { normalAddress } from '../wire/address.ts';
import { SERVICE_IDLE_MS, TCP_SESSIONS_MAX } from './constants.ts';
import type { ServiceSession } from './service-session.ts';
import { type Visiting, type Visits, visitService } from './visits.ts';

interface Visit {
  readonly session: ServiceSession;
  usedAtMs: number;
}

/**
 * Sessions with services that are visited by programs, one for each address and isolation key: connections with one key share a
 * path, those of two keys never do.
 */
export class TcpVisits implements Visits {
  readonly #visits = new Map<string, Visit>();
  #cancelTimer: (() => void) | undefined;

  constructor(private readonly options: Visiting) {}

  /**
   * A session with a service that is known to exist.
   * @param isolation any text; never leaves this peer.
   * @throws GlobalNetError `malformed` (the address), `full`, as `ServiceVisitor.find`, or why joining failed.
   */
  async visit(address: string, isolation: string): Promise<ServiceSession> {
    // An address that is visited is spelt as it should be: to find that out takes two hashes, much for each of many short connections.
    const isKnown = this.#visits.get(keyOf(address, isolation))?.session.address === address;
    const service = isKnown ? address : normalAddress(address);
    await this.options.ready();
    const { session } = this.#visit(service, isolation);
    await session.find();
    return session;
  }

  /** Open ones, one for each address and isolation key. */
  sessions(): ServiceSession[] {
    return [...this.#visits.values()].map(({ session }) => session);
  }

  stop(): void {
    this.#cancelTimer?.();
    for (const { session } of this.#visits.values()) session.close();
    this.#visits.clear();
  }

  #visit(address: string, isolation: string): Visit {
    const key = keyOf(address, isolation);
    const usedAtMs = this.options.env.now();
    const known = this.#visits.get(key);
    if (known !== undefined) {
      known.usedAtMs = usedAtMs;
      return known;
    }
    if (this.#visits.size >= TCP_SESSIONS_MAX) this.#dropIdlest();
    const { env, onEvent } = this.options;
    const session = visitService(this.options, address, (_, again) =>
      onEvent(address, again ? 'took another path' : 'connected', 'service'),
    );
    const visit: Visit = { session, usedAtMs };
    this.#visits.set(key, visit);
    this.#cancelTimer ??= env.schedule(SERVICE_IDLE_MS, () => this.#dropIdle());
    return visit;
  }

  /** @throws GlobalNetError `full` when all are in use. */
  #dropIdlest(): void {
    const idle = [...this.#visits].filter(([, { session }]) => session.streams === 0).sort(([, a], [, b]) => a.usedAtMs - b.usedAtMs)[0];
    if (idle === undefined) throw new GlobalNetError('full', `${TCP_SESSIONS_MAX} services or isolation keys are in use at once`);
    this.#drop(...idle);
  }

  /** Gives back the circuits of sessions that nobody uses. */
  #dropIdle(): void {
    const nowMs = this.options.env.now();
    for (const [key, visit] of [...this.#visits]) {
      if (visit.session.streams > 0) visit.usedAtMs = nowMs;
      else if (visit.usedAtMs <= nowMs - SERVICE_IDLE_MS) this.#drop(key, visit);
    }
    this.#cancelTimer = this.#visits.size === 0 ? undefined : this.options.env.schedule(SERVICE_IDLE_MS, () => this.#dropIdle());
  }

  #drop(key: string, { session }: Visit): void {
    this.#visits.delete(key);
    session.close();
  }
}

function keyOf(address: string, isolation: string): string {
  return `${address} ${isolation}`;
}
