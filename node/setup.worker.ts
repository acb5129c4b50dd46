import { randomBytes } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { loadFastKem, nodeCrypto } from '../src/adapters/node-crypto.ts';
import { workerSetupPort } from '../src/adapters/node-setup-port.ts';
import { inlineSetupCrypto, serveSetupCrypto } from '../src/core/circuit/index.ts';

/** The headless peer's setup worker: the builder's public-key work, away from the thread that relays. */
if (parentPort === null) throw new Error('setup.worker.ts runs as a worker thread only');
await loadFastKem(); // nothing else is done here
const random = (lengthBytes: number) => Uint8Array.from(randomBytes(lengthBytes));
serveSetupCrypto(workerSetupPort(parentPort), inlineSetupCrypto({ crypto: nodeCrypto, random }));
