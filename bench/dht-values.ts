/** A network of store peers that holds some values. Virtual time: 10 to 50 ms a way; finds by random runners. */
import { identityFromSeed, nobleCrypto } from '../src/core/crypto/index.ts';
import { findValues } from '../src/core/dht/index.ts';
import { randomBelow } from '../src/core/env.ts';
import { type DhtValue, signValue } from '../src/core/wire/value.ts';
import { DhtNetwork, type TestStorePeer } from '../tests/support/dht-network.ts';
import { median, type Report } from './harness.ts';

export const VALUES = 40;

function value(network: DhtNetwork, name: number): DhtValue {
  const writer = identityFromSeed(nobleCrypto, new Uint8Array(32).fill(1 + name));
  const dated = { serial: 1, expiresAtMs: network.env.now() + 24 * 3_600_000, payload: new Uint8Array(1000) };
  const content = { kind: 'singleWriter' as const, record: 1, writer: writer.publicKey, slot: 0, ...dated };
  return signValue(nobleCrypto, (message) => nobleCrypto.ed25519Sign(writer.seed, message), content);
}

export const anyone = (network: DhtNetwork) => network.up[randomBelow(network.env, network.up.length)] as TestStorePeer;

export async function filled(peers: number): Promise<{ network: DhtNetwork; values: DhtValue[] }> {
  const network = new DhtNetwork(`bench ${peers}`);
  await network.grow(peers);
  const values = Array.from({ length: VALUES }, (_, name) => value(network, name));
  for (const one of values) await network.run(anyone(network).node.store(one));
  return { network, values };
}

/** How finding grows with the network. */
export async function size(peers: number, report: Report): Promise<void> {
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
