import { workerSetupPort } from '../src/adapters/node-setup-port.ts';
import {
  inlineSetupCrypto,
  type LazySetupCrypto,
  lazySetupCrypto,
  remoteSetupCrypto,
  type SetupCrypto,
  splitSetupCrypto,
} from '../src/core/circuit/index.ts';
import type { Env } from '../src/core/env.ts';
import { workerThread } from './worker-thread.ts';

/** The builder's public-key work of a peer that only dials, on a thread of its own. It starts now: that takes as long as the first links do. */
export function clientSetupCrypto(): SetupCrypto {
  const crypto = setupThread();
  crypto.start();
  return crypto;
}

/**
 * Of an open relay. Its questions go one hop, to peers that know who asks, so there is nothing to hide but that it asks: that looks like any
 * packet it peels. The thread, 17 MB, is for longer circuits, of which it builds none by itself.
 */
export function relaySetupCrypto(env: Pick<Env, 'crypto' | 'random'>): SetupCrypto {
  return splitSetupCrypto(inlineSetupCrypto(env), setupThread());
}

/** Never shows in what is relayed. */
function setupThread(): LazySetupCrypto {
  return lazySetupCrypto((onDeath) => {
    const worker = workerThread(new URL('./setup.worker.ts', import.meta.url));
    const remote = remoteSetupCrypto(workerSetupPort(worker));
    const died = (why: string): void => {
      remote.fail(why);
      onDeath();
    };
    worker.on('error', (error) => died(error.message));
    worker.on('exit', (code) => died(`exit code ${code}`));
    worker.unref();
    return remote;
  });
}
