/** A file of 20 MB from a hidden service, over 8 links: with no delay, and with 50 ms on each link. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bench, median, type Report } from './harness.ts';
import { startTestbed } from './testbed.ts';
import { publish, startVisitor } from './visitor.ts';

const FILE_BYTES = 20_000_000;
const ROUNDS = 3;
/** No further round begins after this. */
const LONG_MS = 10_000;

async function measure(report: Report, name: string, roundTripMs: number): Promise<void> {
  const bed = await startTestbed({ relays: 10, roundTripMs });
  try {
    const folder = join(bed.folder, 'site');
    mkdirSync(folder);
    writeFileSync(join(folder, 'index.html'), '<p>Nothing but a large file.');
    writeFileSync(join(folder, 'large.bin'), randomBytes(FILE_BYTES));
    const address = await publish(bed, folder);
    const visitor = await startVisitor(bed);
    const rates: number[] = [];
    const endMs = performance.now() + LONG_MS;
    for (let round = 0; round < ROUNDS && (round === 0 || performance.now() < endMs); round++) {
      await visitor.untilWarm();
      const startMs = performance.now();
      await visitor.visit(address, async (open) => {
        for await (const _ of (await open('large.bin')).read());
      });
      rates.push(FILE_BYTES / 1000 / (performance.now() - startMs));
    }
    await visitor.stop();
    report(name, { value: median(rates), unit: 'MB/s, the opening of the site included' });
  } finally {
    await bed.stop();
  }
}

const bench: Bench = async (report) => {
  await measure(report, '', 0);
  await measure(report, '50 ms on each link', 50);
};

export default bench;
