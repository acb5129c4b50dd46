import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCrypto } from '../../src/adapters/node-crypto.ts';
import { encodeAddress } from '../../src/core/wire/address.ts';
import { SimNetwork } from '../../src/sim/index.ts';
import { relayUrl, type SimPeer, simRelay, simTab } from '../../src/sim/peers.ts';
import { publish, read, until, untilReady } from '../support/sim-site.ts';

/** Well formed, and nobody has published anything there. */
const NOBODY = encodeAddress(nodeCrypto.ed25519Public(new Uint8Array(32).fill(8)));
const bootstraps = [relayUrl(0), relayUrl(1)];

async function relays(network: SimNetwork): Promise<SimPeer[]> {
  const all: SimPeer[] = [];
  for (let i = 0; i < 10; i++) all.push(await simRelay(network, i, { bootstraps: bootstraps.slice(0, i) }));
  for (const relay of all) await untilReady(network, relay);
  return all;
}

async function client(network: SimNetwork, name: string): Promise<SimPeer> {
  const peer = await simTab(network, name, { bootstraps });
  await untilReady(network, peer);
  return peer;
}

test('leaks: who opens a site while no circuit is warm asks nobody by link where its rendezvous point is', async () => {
  const network = new SimNetwork({ seed: 'point-look-up', crypto: nodeCrypto });
  await network.run(async () => {
    await relays(network);
    const page = new TextEncoder().encode('quiet');
    const host = await publish(network, await client(network, 'author'), page);
    const reader = await client(network, 'reader');
    const { circuits, directory, membership } = reader.peer;
    membership.stop(); // it alone may ask by link, about points drawn at random
    circuits.keepSpares(0);
    while (circuits.spares > 0) circuits.stop();
    for (const id of host.status.points) directory.drop(id);
    const direct: string[] = [];
    const openDirect = circuits.openDirect.bind(circuits);
    circuits.openDirect = (peer, ...rest) => {
      direct.push(peer);
      return openDirect(peer, ...rest);
    };
    assert.deepEqual(await read(reader, host.status.address), page);
    assert.ok(
      host.status.points.some((id) => directory.get(id) !== undefined),
      'a point was looked up',
    );
    assert.deepEqual(direct, []);
  }, 1_200_000);
});

test('leaks: no log says where somebody went, at any level, whatever fails', async () => {
  const network = new SimNetwork({ seed: 'quiet-logs', crypto: nodeCrypto });
  const lines: string[] = [];
  const note = network.note.bind(network);
  network.note = (line) => {
    lines.push(line);
    note(line);
  };
  await network.run(async () => {
    const all = await relays(network);
    const author = await client(network, 'author');
    const host = await publish(network, author, new TextEncoder().encode('quiet'));
    const reader = await client(network, 'reader');
    const { address } = host.status;
    await read(reader, address);
    network.kill(author.node);
    for (const ask of [() => reader.peer.sites.askCertificates(NOBODY), () => reader.peer.tcp.visit(NOBODY, 'here')])
      await assert.rejects(ask(), { kind: 'unknown' });
    for (const { node } of all) network.kill(node);
    await until(network, () => reader.peer.membership.step.step === 'failed');
    await reader.peer.sites.read(address);
    await reader.peer.sites.certificates(address);
    await until(network, () => lines.some((line) => line.includes('reader info sites')));
    const tell = lines.filter((line) => [address, NOBODY].some((where) => line.includes(where.slice(0, 20))));
    assert.deepEqual(tell, []);
  }, 1_200_000);
});
