/** A visitor in the bench's own process, so that it can look at the clock between two steps. */
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { type Headless, startHeadless } from '../node/headless.ts';
import { untilReady } from '../node/until.ts';
import { workerSetupPort } from '../src/adapters/node-setup-port.ts';
import { remoteSetupCrypto } from '../src/core/circuit/index.ts';
import { SPARES } from '../src/core/peer/constants.ts';
import type { FileReading } from '../src/core/packs/file-reading.ts';
import { root } from '../tools/paths.ts';
import { median, type Report } from './harness.ts';
import type { Testbed } from './testbed.ts';

export interface Visitor extends Headless {
  /** Opens the site at `address`, runs `visit`, and forgets the site: nothing of it is stored, and its circuit is given back. */
  visit<T>(
    address: string,
    visit: (open: (path: string) => Promise<FileReading>, files: () => Promise<string[]>) => Promise<T>,
  ): Promise<T>;
  /** All spare circuits stand. */
  untilWarm(): Promise<void>;
}

let count = 0;

/** Joined. */
export async function startVisitor(bed: Testbed): Promise<Visitor> {
  // The source's own thread is not for running from sources: Node 20 loads no TypeScript in one.
  const worker = new Worker(join(root, 'dist', 'node', 'setup.worker.js'));
  worker.unref();
  const headless = await startHeadless({
    dataFolder: bed.folder,
    name: `visitor-${count++}`,
    role: 'visitor',
    bootstraps: bed.bootstraps,
    webRtc: false,
    cover: false,
    setupCrypto: remoteSetupCrypto(workerSetupPort(worker)),
    logLevel: 'error',
  });
  const { peer } = headless;
  await untilReady(peer, new AbortController().signal);
  return {
    ...headless,
    async visit(address, visit) {
      const { reader } = peer.sites.open(address);
      try {
        return await visit(
          (path) => reader.open(path),
          async () => (await reader.start()).files.map(({ path }) => path),
        );
      } finally {
        await peer.sites.forget(address);
      }
    },
    async untilWarm() {
      for (let i = 0; i < 200 && peer.circuits.spares < SPARES; i++) await wait(50);
    },
  };
}

/** Publishes a folder in a process of its own. @returns the address. */
export async function publish(bed: Testbed, folder: string): Promise<string> {
  const seed = bed.gnet('seed', ['seed', folder, ...bed.bootstraps.flatMap((url) => ['--join', url])]);
  return String((await seed.line('address'))['address']);
}

/** From the wish to the first verified bytes, ms. */
export async function firstByteMs(visitor: Visitor, address: string): Promise<number> {
  const startMs = performance.now();
  return visitor.visit(address, async (open) => {
    for await (const _ of (await open('')).read()) return performance.now() - startMs;
    throw new Error('the page is empty');
  });
}

/** In round trips of the whole path. @param floorMs what a byte through as many proxies takes, there and back. */
export function reportFirstBytes(report: Report, timesMs: readonly number[], pathMs: number, floorMs: number): void {
  const ms = median(timesMs);
  const versus = 'a byte through 8 proxies and back';
  report('', { value: ms / pathMs, unit: `path round trips of ${pathMs} ms`, versus, ratio: ms / floorMs });
  report('median', { value: ms, unit: 'ms' });
  report('fastest', { value: Math.min(...timesMs), unit: 'ms' });
  report('slowest', { value: Math.max(...timesMs), unit: 'ms' });
}
