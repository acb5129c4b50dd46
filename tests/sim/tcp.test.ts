import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCrypto } from '../../src/adapters/node-crypto.ts';
import { fromUtf8, utf8 } from '../../src/core/bytes/bytes.ts';
import { newIdentity } from '../../src/core/crypto/identity.ts';
import { readAll, type SessionStream, StreamReset } from '../../src/core/stream/index.ts';
import type { PeerId } from '../../src/core/bytes/brand.ts';
import { encodeAddress } from '../../src/core/wire/address.ts';
import { epochAt } from '../../src/core/wire/descriptor.ts';
import { END, STREAM } from '../../src/core/wire/registry.ts';
import { encodeTcpRequest } from '../../src/core/wire/tcp.ts';
import { SimNetwork } from '../../src/sim/index.ts';
import type { SimPeer } from '../../src/sim/peers.ts';
import { until } from '../support/sim-site.ts';
import { host, peers } from '../support/sim-tcp.ts';

test('tcp: a connection through the network; with one isolation key the path is shared, with another it is not', async () => {
  const network = new SimNetwork({ seed: 'tcp', crypto: nodeCrypto });
  await network.run(async () => {
    const { server, client } = await peers(network);
    const { address } = (await host(network, server)).status;
    const circuits = (): number => [...client.peer.circuits.own()].filter(({ note }) => note.purpose === `visit ${address}`).length;
    const say = async (isolation: string, port: number, words: string): Promise<string> => {
      const session = await client.peer.tcp.visit(address.toUpperCase(), isolation);
      const stream = await session.openStream(STREAM.tcp, encodeTcpRequest({ port }), utf8(words));
      stream.end();
      return fromUtf8(await readAll(stream, 1000));
    };
    assert.deepEqual(await Promise.all([say('a', 80, 'one'), say('a', 22, 'two')]), ['80 one', '22 two']);
    assert.equal(circuits(), 1);
    assert.equal(await say('b', 80, 'three'), '80 three');
    assert.equal(circuits(), 2);
    assert.equal(server.peer.status().services[0]?.kind, 'tcp');
  }, 600_000);
});

test('tcp: a connection that the service cannot make says why; a request that is none too', async () => {
  const network = new SimNetwork({ seed: 'tcp-refused', crypto: nodeCrypto });
  await network.run(async () => {
    const { server, client } = await peers(network);
    const { address } = (await host(network, server)).status;
    const session = await client.peer.tcp.visit(address, '');
    for (const [request, reason] of [
      [encodeTcpRequest({ port: 7 }), END.unreachable],
      [Uint8Array.of(0, 0), END.malformed],
    ] as const) {
      const stream = await session.openStream(STREAM.tcp, request);
      await assert.rejects(stream.connected, (error) => error instanceof StreamReset && error.reason === reason);
    }
    const site = await session.openStream(STREAM.site, new Uint8Array(0));
    await assert.rejects(site.connected, (error) => error instanceof StreamReset && error.reason === END.refused);
    const nobody = encodeAddress(newIdentity(client.node.env).publicKey);
    await assert.rejects(client.peer.tcp.visit(nobody, ''), { kind: 'unknown' });
    await assert.rejects(client.peer.tcp.visit('example.org', ''), { kind: 'malformed' });
  }, 600_000);
});

test('tcp: a connection outlives its path', async () => {
  const network = new SimNetwork({ seed: 'tcp-path', crypto: nodeCrypto });
  await network.run(async () => {
    const { relays, server, client } = await peers(network);
    const connections: SessionStream[] = [];
    const { address } = (await host(network, server, connections)).status;
    const session = await client.peer.tcp.visit(address, '');
    const stream = await session.openStream(STREAM.tcp, encodeTcpRequest({ port: 80 }));
    await stream.connected;
    network.kill((relays.find(({ peer }) => peer.id === session.hops[1]) as SimPeer).node);
    await stream.write(utf8('still here'));
    stream.end();
    assert.equal(fromUtf8(await readAll(stream, 1000)), '80 still here');
    assert.equal(connections.length, 1);
  }, 600_000);
});

/** What it tells of those it knows. */
function checkKnown(relays: readonly SimPeer[], { node, peer }: SimPeer): void {
  const known = peer.knownPeers();
  assert.deepEqual(known.map((one) => one.peer).sort(), relays.map((relay) => relay.peer.id).sort());
  for (const { peer: id, roles, addresses, epoch, link } of known) {
    assert.ok(roles.includes('open') && roles.includes('rendezvous'), roles.join());
    assert.match(addresses.join(), /^ws:\/\//);
    assert.equal(epoch, epochAt(node.env.now()));
    assert.equal(link, peer.links.get(id as PeerId)?.kind);
  }
  assert.ok(known.some(({ guard }) => guard));
  assert.ok(known.some(({ vouched }) => vouched));
  const [first] = relays as [SimPeer];
  assert.ok(
    first.peer.knownPeers().every((one) => one.peer !== first.peer.id),
    'itself',
  );
}

test('tcp: a circuit that its owner closes is replaced under its connection; peer, streams and circuits are listed', async () => {
  const network = new SimNetwork({ seed: 'tcp-close', crypto: nodeCrypto });
  await network.run(async () => {
    const { relays, server, client } = await peers(network);
    const { address } = (await host(network, server)).status;
    checkKnown(relays, client);
    const session = await client.peer.tcp.visit(address, '');
    const stream = await session.openStream(STREAM.tcp, encodeTcpRequest({ port: 80 }));
    await stream.connected;
    const visit = client.peer.status().circuits.find(({ purpose }) => purpose === `visit ${address}`);
    assert.equal(client.peer.circuits.close(visit?.number ?? 0), true);
    assert.equal(client.peer.circuits.close(visit?.number ?? 0), false);
    await stream.write(utf8('still here'));
    const listed = ({ peer }: SimPeer): unknown[] => peer.streams().map(({ ageMs, ...rest }) => rest);
    await until(network, () => server.peer.streams()[0]?.receivedBytes === 10);
    const common = { kind: 'tcp', address, port: 80 };
    assert.deepEqual(listed(client), [{ ...common, ours: true, sentBytes: 10, receivedBytes: 0 }]);
    assert.deepEqual(listed(server), [{ ...common, ours: false, sentBytes: 0, receivedBytes: 10 }]);
    stream.end();
    assert.equal(fromUtf8(await readAll(stream, 1000)), '80 still here');
    const { circuits } = client.peer.status();
    assert.equal(new Set(circuits.map(({ number }) => number)).size, circuits.length);
    assert.ok(circuits.every(({ number }) => number !== visit?.number));
  }, 600_000);
});
