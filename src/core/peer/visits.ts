import type { PeerId } from '../bytes/brand.ts';
import type { Env } from '../env.ts';
import type { ServiceVisitor } from '../service/index.ts';
import { contestedInWords, ServiceSession } from './service-session.ts';
import type { PeerEvent } from './status.ts';

/** What visits services needs of its peer. */
export interface Visiting {
  readonly env: Env;
  readonly visitor: Pick<ServiceVisitor, 'find' | 'connect'>;
  /** @throws GlobalNetError when joining failed. */
  ready(): Promise<void>;
  onEvent(address: string, text: string, kind: PeerEvent['kind']): void;
}

/** Sessions with services, told by their peer and stopped with it. */
export interface Visits {
  sessions(): ServiceSession[];
  stop(): void;
}

/**
 * A session with a service, of which the peer's user hears what he should know.
 * @param onPath as `VisitEvents.onPath`: what is said of a path differs by what the visit is for.
 */
export function visitService(
  { env, visitor, onEvent }: Omit<Visiting, 'ready'>,
  address: string,
  onPath: (hops: readonly PeerId[], again: boolean) => void,
): ServiceSession {
  return new ServiceSession(env, visitor, address, {
    onPath,
    onPathLost: () => onEvent(address, 'a relay on the path went away; looking for another path', 'warning'),
    onContested: (isRefused) => onEvent(address, contestedInWords(isRefused), 'invitation'),
  });
}
