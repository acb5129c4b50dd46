import { Worker } from 'node:worker_threads';

/**
 * A thread that runs this module. Built, it is JavaScript; of the sources Node's own loader knows nothing, whatever loads them in the thread
 * that starts it, so tsx is brought in first.
 */
export function workerThread(module: URL): Worker {
  if (!module.pathname.endsWith('.ts')) return new Worker(module);
  const [tsx, source] = [import.meta.resolve('tsx/esm/api'), module.href].map((url) => JSON.stringify(url));
  return new Worker(`import(${tsx}).then(({ register }) => { register(); return import(${source}); })`, { eval: true });
}
