import type { MessagePort, Worker } from 'node:worker_threads';
import type { SetupPort } from '../core/circuit/setup-port.ts';

/** Either end of a worker thread as the port of setup crypto. In a page a Worker and its scope are such ports as they stand. */
export function workerSetupPort(end: Worker | MessagePort): SetupPort {
  const port: SetupPort = { postMessage: (message) => end.postMessage(message), onmessage: null };
  end.on('message', (data: unknown) => port.onmessage?.({ data }));
  return port;
}
