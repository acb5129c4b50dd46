import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCrypto } from '../../src/adapters/node-crypto.ts';
import type { PeerId } from '../../src/core/bytes/brand.ts';
import { fromUtf8, utf8 } from '../../src/core/bytes/bytes.ts';
import type { ServiceSession } from '../../src/core/peer/index.ts';
import { readAll } from '../../src/core/stream/index.ts';
import { STREAM } from '../../src/core/wire/registry.ts';
import { encodeTcpRequest } from '../../src/core/wire/tcp.ts';
import { SimNetwork } from '../../src/sim/index.ts';
import type { SimPeer } from '../../src/sim/peers.ts';
import { host, peers } from '../support/sim-tcp.ts';

/** Circuits of a service to its points, from the guard on. */
function pathsOf({ peer }: SimPeer): (readonly PeerId[])[] {
  return [...peer.circuits.own()].filter(({ note }) => note.purpose.startsWith('host ')).map(({ circuit }) => circuit.hops);
}

for (const [place, hop] of [
  ['guard', 0],
  ['second hop', 1],
  ['third hop', 2],
  ['point', 3],
] as const)
  test(`hung: a service’s ${place} hangs without a word: who is there and who comes are answered within seconds, and then at once`, async () => {
    const network = new SimNetwork({ seed: `hung ${hop}`, crypto: nodeCrypto, latencyMs: [10, 30] });
    await network.run(async () => {
      const { relays, server, client } = await peers(network);
      const { address } = (await host(network, server)).status;
      const say = async (user: string, words: string): Promise<{ session: ServiceSession; tookMs: number }> => {
        const beganMs = network.clock.now();
        const session = await client.peer.tcp.visit(address, user);
        const stream = await session.openStream(STREAM.tcp, encodeTcpRequest({ port: 80 }), utf8(words));
        stream.end();
        assert.equal(fromUtf8(await readAll(stream, 1000)), `80 ${words}`);
        return { session, tookMs: network.clock.now() - beganMs };
      };
      const { session } = await say('there', 'before');
      const path = pathsOf(server).find((hops) => hops.at(-1) === session.hops.at(-1)) as readonly PeerId[];
      const gone = relays.find(({ peer }) => peer.id === path[hop]) as SimPeer;
      network.kill(gone.node, 'silently');
      const users = ['there', 'new 1', 'new 2', 'new 3'];
      const took = await Promise.all(users.map(async (user) => (await say(user, 'after')).tookMs));
      assert.ok(
        took.every((ms) => ms < 6_000),
        `${took} ms`,
      );
      const next = await Promise.all(users.map(async (user) => (await say(user, 'later')).tookMs));
      assert.ok(
        next.every((ms) => ms < 1_000),
        `${next} ms`,
      );
    }, 600_000);
  });
