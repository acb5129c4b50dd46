/** How finding grows with the network, and what hostile store peers cost. */
import { findValues } from '../src/core/dht/index.ts';
import { sample } from '../src/core/env.ts';
import { encodeDhtAnswer } from '../src/core/wire/dht.ts';
import { filled, size, VALUES } from './dht-values.ts';
import type { Bench, Report } from './harness.ts';

/** Hostile peers say that there is nothing and nobody; half of them do route. */
async function hostile(share: number, report: Report): Promise<void> {
  const { network, values } = await filled(200);
  sample(network.env, network.all, Math.floor(200 * share)).forEach((peer, i) => {
    peer.twist = async (request, honest) => {
      if (request.type === 'route' && i % 2 === 0) return honest();
      return encodeDhtAnswer(request.type === 'route' ? { type: 'nodes', nodes: [] } : { type: 'values', values: [], nodes: [] });
    };
  });
  let found = 0;
  for (const one of values) found += (await network.run(findValues(network.client(), one.key))).length;
  report(`${share * 100} % of 200 hostile: found`, { value: found / VALUES, unit: 'share' });
}

const bench: Bench = async (report) => {
  for (const peers of [100, 200]) await size(peers, report);
  for (const share of [0.2, 0.4, 0.6]) await hostile(share, report);
};

export default bench;
