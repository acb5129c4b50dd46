import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCrypto } from '../../src/adapters/node-crypto.ts';
import { readAll } from '../../src/core/stream/index.ts';
import { SimNetwork } from '../../src/sim/index.ts';
import type { SimPeer } from '../../src/sim/peers.ts';
import { ALL, circuits, exitHouse, say, simExit, WEB } from '../support/sim-exits.ts';
import { until } from '../support/sim-site.ts';

test('exits: one that never answers is given up, and asked by its circuit no more; after ten minutes a circuit takes no new connections, and goes when its last one has', async () => {
  const network = new SimNetwork({ seed: 'silent and old', crypto: nodeCrypto });
  await network.run(async () => {
    const exit = simExit(ALL, 'silence');
    const made = await exitHouse(network, [exit]);
    const { exits } = made.client.clearNetwork;
    await assert.rejects(exits.connect({ host: 'a.example', port: 80 }, ''), { kind: 'timeout', message: /has not answered within/ });
    assert.equal(exit.asked.length, 1);
    exit.no = undefined;
    assert.equal(await say(made, '', 'a.example', 'now'), 'a.example now');
    const stream = await exits.connect({ host: 'b.example', port: 80 }, '');
    const old = circuits(made);
    await new Promise<void>((resolve) => network.clock.schedule(11 * 60_000, resolve));
    assert.equal(await say(made, '', 'c.example', 'new'), 'c.example new');
    assert.ok(circuits(made).length > 1);
    stream.end();
    assert.equal(Buffer.from(await readAll(stream, 100)).toString(), 'b.example ');
    const key = (hops: readonly string[]): string => hops.join();
    const isOld = (hops: readonly string[]): boolean => old.map(key).includes(key(hops));
    await until(network, () => !circuits(made).some(isOld));
  }, 1_800_000);
});

for (const [place, hop] of [
  ['a middle hop', 1],
  ['the exit', 2],
] as const)
  test(`exits: ${place} vanishes without a word: the next connection works within two seconds, and those after it go elsewhere at once`, async () => {
    const network = new SimNetwork({ seed: `vanished ${hop}`, crypto: nodeCrypto, latencyMs: [5, 20] });
    await network.run(async () => {
      const made = await exitHouse(network, [simExit(ALL), simExit(ALL), simExit(ALL)]);
      assert.equal(await say(made, 'a', 'a.example', 'now'), 'a.example now');
      const gone = made.all.find(({ peer }) => peer.id === circuits(made)[0]?.[hop]) as SimPeer;
      network.kill(gone.node, 'silently');
      const tookMs = async (isolation: string): Promise<number> => {
        const beganMs = network.clock.now();
        assert.equal(await say(made, isolation, 'b.example', 'again'), 'b.example again');
        return network.clock.now() - beganMs;
      };
      assert.ok((await tookMs('a')) < 2_000);
      for (const user of ['a', 'b', 'c', 'd', 'e']) assert.ok((await tookMs(user)) < 1_000, user);
      assert.ok(
        circuits(made)
          .slice(1)
          .every((hops) => !hops.includes(gone.peer.id)),
      );
    }, 1_800_000);
  });

test('exits: one that is slow to connect is waited for, as its path is not silent', async () => {
  const network = new SimNetwork({ seed: 'slow', crypto: nodeCrypto });
  await network.run(async () => {
    const exit = simExit(ALL, undefined, 30_000);
    const made = await exitHouse(network, [exit, simExit(WEB)]);
    assert.equal(await say(made, '', 'a.example', 'late', 22), 'a.example late');
    assert.equal(exit.asked.length, 1);
  }, 1_800_000);
});
