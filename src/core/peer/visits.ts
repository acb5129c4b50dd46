import type { Env } from '../env.ts';
import type { ServiceVisitor } from '../service/index.ts';
import type { ServiceSession } from './service-session.ts';
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
