/** First byte of a hidden page for a visitor that has just joined: record and rendezvous points unknown. In round trips of the whole path. */
import { controlSockets } from '../node/data-folder.ts';
import { askControl } from '../node/control/index.ts';
import type { Bench } from './harness.ts';
import { startTestbed, type Testbed } from './testbed.ts';
import { firstByteMs, publish, reportFirstBytes, startVisitor } from './visitor.ts';
import type { PeerId } from '../src/core/bytes/brand.ts';

const LINKS = 8;
const LINK_ROUND_TRIP_MS = 50;
const ROUNDS = 7;

async function pointsOf(bed: Testbed, address: string): Promise<PeerId[]> {
  const all = await Promise.all(
    controlSockets(bed.folder).map(({ path }) => askControl(path, { command: 'status' }).catch(() => undefined)),
  );
  const services = all.flatMap((status) => status?.peer.services ?? []);
  return services.flatMap((service) => (service.address === address ? (service.points as PeerId[]) : []));
}

const bench: Bench = async (report) => {
  const bed = await startTestbed({ relays: 10, roundTripMs: LINK_ROUND_TRIP_MS });
  try {
    const address = await publish(bed, 'node/demo-site');
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const visitor = await startVisitor(bed);
      await visitor.untilWarm();
      // In a network of ten everybody knows everybody; in a large one these would be strangers.
      for (const point of await pointsOf(bed, address)) visitor.peer.directory.drop(point);
      times.push(await firstByteMs(visitor, address));
      await visitor.stop();
    }
    const floorMs = await bed.pathRoundTripMs(LINKS, 9);
    reportFirstBytes(report, times, LINKS * LINK_ROUND_TRIP_MS, floorMs);
  } finally {
    await bed.stop();
  }
};

export default bench;
