import { GlobalNetError } from '../src/core/bytes/errors.ts';
import type { Env } from '../src/core/env.ts';
import { sleep } from '../src/core/env.ts';
import type { Peer, SiteHost } from '../src/core/peer/index.ts';

const LOOK_EVERY_MS = 50;

/** Resolves when the peer has joined. @throws GlobalNetError what joining failed with, `cancelled`. */
export async function untilReady(env: Env, peer: Peer, stop: AbortSignal, onStep: (step: string) => void = () => undefined): Promise<void> {
  for (;;) {
    if (stop.aborted) throw new GlobalNetError('cancelled', 'stopped');
    const { step } = peer.membership;
    if (step.step === 'ready') return;
    if (step.step === 'failed') throw new GlobalNetError(step.kind, step.message);
    onStep(step.step);
    await sleep(env, LOOK_EVERY_MS);
  }
}

/** Resolves when the site can be reached: a record that names its points is held by somebody. @throws as `untilReady`. */
export async function untilPublished(env: Env, peer: Peer, host: SiteHost, stop: AbortSignal): Promise<void> {
  await untilReady(env, peer, stop);
  while (host.status.publishedAtMs === undefined) {
    if (stop.aborted) throw new GlobalNetError('cancelled', 'stopped');
    await sleep(env, LOOK_EVERY_MS);
  }
}
