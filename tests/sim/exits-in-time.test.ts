import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCrypto } from '../../src/adapters/node-crypto.ts';
import { readAll } from '../../src/core/stream/index.ts';
import { SimNetwork } from '../../src/sim/index.ts';
import { ALL, circuits, exitHouse, say, simExit } from '../support/sim-exits.ts';
import { until } from '../support/sim-site.ts';

test('exits: one that never answers is given up, and asked by its circuit no more; after ten minutes a circuit takes no new connections, and goes when its last one has', async () => {
  const network = new SimNetwork({ seed: 'silent and old', crypto: nodeCrypto });
  await network.run(async () => {
    const exit = simExit(ALL, 'silence');
    const made = await exitHouse(network, [exit]);
    const { exits } = made.client.peer.clearNetwork;
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
