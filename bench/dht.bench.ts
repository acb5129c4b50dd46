/** How finding grows with the network, and what hostile store peers cost. Virtual time: 10 to 50 ms a way; finds by random runners. */
import { identityFromSeed, nobleCrypto } from '../src/core/crypto/index.ts';
import { findValues } from '../src/core/dht/index.ts';
import { randomBelow, sample } from '../src/core/env.ts';
import { encodeDhtAnswer } from '../src/core/wire/dht.ts';
import { type DhtValue, signValue } from '../src/core/wire/value.ts';
import { DhtNetwork, type TestStorePeer } from '../tests/support/dht-network.ts';
import { type Bench, median, type Report } from './harness.ts';

const VALUES = 40;

function value(network: DhtNetwork, name: number): DhtValue {
  const writer = identityFromSeed(nobleCrypto, new Uint8Array(32).fill(1 + name));
  const dated = { serial: 1, expiresAtMs: network.env.now() + 24 * 3_600_000, payload: new Uint8Array(1000) };
  const content = { kind: 'singleWriter' as const, record: 1, writer: writer.publicKey, slot: 0, ...dated };
  return signValue(nobleCrypto, (message) => nobleCrypto.ed25519Sign(writer.seed, message), content);
}

const anyone = (network: DhtNetwork) => network.up[randomBelow(network.env, network.up.length)] as TestStorePeer;

async function filled(peers: number): Promise<{ network: DhtNetwork; values: DhtValue[] }> {
  const network = new DhtNetwork(`bench ${peers}`);
  await network.grow(peers);
  const values = Array.from({ length: VALUES }, (_, name) => value(network, name));
  for (const one of values) await network.run(anyone(network).node.store(one));
  return { network, values };
}

async function size(peers: number, report: Report): Promise<void> {
  const { network, values } = await filled(peers);
  const [requests, times, steps] = [[], [], []] as [number[], number[], number[]];
  let found = 0;
  for (const one of values) {
    const [before, startMs] = [network.requests, network.env.now()];
    network.deepestRoute = 0;
    found += (await network.run(findValues(network.client(), one.key))).length;
    requests.push(network.requests - before);
    times.push(network.env.now() - startMs);
    steps.push(network.deepestRoute);
  }
  report(`${peers} store peers: found`, { value: found / VALUES, unit: 'share' });
  report(`${peers} store peers: longest route of a find`, { value: median(steps), unit: 'steps' });
  report(`${peers} store peers: requests a find causes, two runners`, { value: median(requests), unit: 'requests' });
  report(`${peers} store peers: a find takes`, { value: median(times), unit: 'ms' });
  const tables = network.all.map(({ node }) => node.table.size);
  report(`${peers} store peers: table`, { value: median(tables), unit: 'peers' });
}

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
  for (const peers of [100, 300, 1000]) await size(peers, report);
  await churned(300, report);
  for (const share of [0.2, 0.4, 0.6]) await hostile(share, report);
};

export default bench;
