import { Worker } from 'node:worker_threads';
import { workerSetupPort } from '../src/adapters/node-setup-port.ts';
import { type RemoteSetupCrypto, remoteSetupCrypto, type SetupCrypto } from '../src/core/circuit/index.ts';

/**
 * The builder's public-key work on a thread of its own, so that it never shows in what is relayed. The thread starts with the
 * first build (a relay that builds nothing has none: 10 MB), and again when it has died.
 */
export function setupThread(): SetupCrypto {
  let running: RemoteSetupCrypto | undefined;
  const remote = (): RemoteSetupCrypto => {
    if (running !== undefined) return running;
    const worker = new Worker(new URL('./setup.worker.ts', import.meta.url));
    const started = remoteSetupCrypto(workerSetupPort(worker));
    const onDeath = (why: string): void => {
      started.fail(why);
      if (running === started) running = undefined;
    };
    worker.on('error', (error) => onDeath(error.message));
    worker.on('exit', (code) => onDeath(`exit code ${code}`));
    worker.unref();
    return (running = started);
  };
  return {
    build: (...args) => remote().build(...args),
    open: (...args) => remote().open(...args),
    buildExtension: (...args) => remote().buildExtension(...args),
    openExtension: (...args) => remote().openExtension(...args),
  };
}
