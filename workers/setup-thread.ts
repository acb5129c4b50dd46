import { type RemoteSetupCrypto, remoteSetupCrypto, type SetupPort } from '../src/core/circuit/index.ts';

/** The builder's public-key work on a thread of its own, so that it never shows in what is relayed. Loaded with the first build. */
export function startSetupThread(onDeath: () => void): RemoteSetupCrypto {
  const worker = new Worker(new URL('./setup.worker.ts', import.meta.url), { type: 'module', name: 'setup' });
  const remote = remoteSetupCrypto(worker as unknown as SetupPort);
  worker.onerror = (event) => {
    remote.fail(event.message);
    worker.terminate();
    onDeath();
  };
  return remote;
}
