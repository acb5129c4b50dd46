import { workerSetupPort } from '../src/adapters/node-setup-port.ts';
import { lazySetupCrypto, remoteSetupCrypto, type SetupCrypto } from '../src/core/circuit/index.ts';
import { workerThread } from './worker-thread.ts';

/** The builder's public-key work on a thread of its own, so that it never shows in what is relayed. It starts now: that takes as long as the first links do. */
export function setupThread(): SetupCrypto {
  const crypto = lazySetupCrypto((onDeath) => {
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
  crypto.start();
  return crypto;
}
