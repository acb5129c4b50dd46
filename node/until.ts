import { GlobalNetError } from '../src/core/bytes/errors.ts';
import { type Env, sleep } from '../src/core/env.ts';
import type { Peer, SiteHost } from '../src/core/peer/index.ts';

const LOOK_EVERY_MS = 50;

/** Resolves when the peer has joined. @throws GlobalNetError what joining failed with, `cancelled`. */
export async function untilReady(peer: Peer, stop: AbortSignal): Promise<void> {
  const stopped = new Promise<never>((_, reject) => {
    const fail = (): void => reject(new GlobalNetError('cancelled', 'stopped'));
    if (stop.aborted) fail();
    stop.addEventListener('abort', fail, { once: true });
  });
  await Promise.race([peer.membership.ready(), stopped]);
}

/** Resolves when the service can be reached: a record that names its points is held by somebody. @throws as `untilReady`. */
export async function untilPublished(env: Env, peer: Peer, host: Pick<SiteHost, 'status'>, stop: AbortSignal): Promise<void> {
  await untilReady(peer, stop);
  while (host.status.publishedAtMs === undefined) {
    if (stop.aborted) throw new GlobalNetError('cancelled', 'stopped');
    await sleep(env, LOOK_EVERY_MS);
  }
}
