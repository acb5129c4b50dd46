/** A thousand store peers, and an hour of churn: minutes of computing. */
import { findValues } from '../src/core/dht/index.ts';
import { anyone, filled, size } from './dht-values.ts';
import type { Bench, Report } from './harness.ts';

/** An hour in which 30 % of the store peers leave without a word and as many come; owners write their values anew each half hour. */
async function churned(peers: number, report: Report): Promise<void> {
  const { network, values } = await filled(peers);
  let [asked, found] = [0, 0];
  for (let minute = 0; minute < 60; minute++) {
    if (minute % 10 === 0) network.turnEpoch();
    for (let i = 0; i < (peers * 0.3) / 60; i++) {
      anyone(network).up = false;
      await network.run(network.add().node.maintain());
    }
    if (minute % 10 === 9) await network.run(Promise.all(network.up.map(({ node }) => node.maintain())));
    if (minute === 30) for (const one of values) await network.run(anyone(network).node.store(one));
    if (minute % 3 === 2) {
      const results = await network.run(Promise.all(values.map((one) => findValues(network.client(), one.key))));
      asked += results.length;
      found += results.filter((one) => one.length > 0).length;
    }
    await network.env.advance(Math.max(0, 60_000 - (network.env.now() % 60_000)));
  }
  report(`${peers} store peers, 30 % leave within the hour: found of ${asked}`, { value: found / asked, unit: 'share' });
}

const bench: Bench = async (report) => {
  for (const peers of [300, 1000]) await size(peers, report);
  await churned(300, report);
};

export default bench;
