/** First byte of a hidden page on a warm visitor, in round trips of the whole path: 8 links, 50 ms each, over real sockets. */
import type { Bench } from './harness.ts';
import { startTestbed } from './testbed.ts';
import { firstByteMs, publish, reportFirstBytes, startVisitor } from './visitor.ts';

const LINKS = 8;
const LINK_ROUND_TRIP_MS = 50;
const ROUNDS = 11;
/** Until every two relays that meet in a path hold a link. */
const WARMING_VISITS = 6;

const bench: Bench = async (report) => {
  const bed = await startTestbed({ relays: 10, roundTripMs: LINK_ROUND_TRIP_MS });
  try {
    const address = await publish(bed, 'node/demo-site');
    const visitor = await startVisitor(bed);
    const times: number[] = [];
    for (let round = 0; round < WARMING_VISITS + ROUNDS; round++) {
      await visitor.untilWarm();
      const ms = await firstByteMs(visitor, address);
      if (round >= WARMING_VISITS) times.push(ms);
    }
    const floorMs = await bed.pathRoundTripMs(LINKS, 9);
    await visitor.stop();
    reportFirstBytes(report, times, LINKS * LINK_ROUND_TRIP_MS, floorMs);
    report('a byte through 8 proxies and back', { value: floorMs, unit: 'ms' });
  } finally {
    await bed.stop();
  }
};

export default bench;
