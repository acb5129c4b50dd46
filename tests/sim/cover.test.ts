import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCrypto } from '../../src/adapters/node-crypto.ts';
import { SimNetwork } from '../../src/sim/index.ts';
import { relayUrl, simRelay, simTab } from '../../src/sim/peers.ts';
import { untilReady } from '../support/sim-site.ts';

test('cover: an idle tab sends cover to its guards and to nobody else, within its budget, and none once it has stopped', async () => {
  const network = new SimNetwork({ seed: 'cover', crypto: nodeCrypto });
  const bootstraps = [relayUrl(0), relayUrl(1)];
  await network.run(async () => {
    for (let i = 0; i < 8; i++) await simRelay(network, i, { bootstraps: bootstraps.slice(0, i) });
    const tab = await simTab(network, 'tab', { bootstraps, cover: true });
    await untilReady(network, tab);
    tab.peer.membership.stop();
    tab.peer.circuits.stop();
    await new Promise<void>((resolve) => void network.clock.schedule(60_000, resolve));
    const before = new Map(tab.peer.links.all().map((link) => [link, link.sentBytes]));
    await new Promise<void>((resolve) => void network.clock.schedule(600_000, resolve));
    const guards = new Set(tab.peer.status().links.flatMap(({ peer, guard }) => (guard ? [peer] : [])));
    assert.ok(guards.size > 0);
    let covered = 0;
    for (const [link, bytes] of before) {
      const cells = (link.sentBytes - bytes) / 4096;
      if (guards.has(link.peer)) covered += cells;
      else assert.ok(cells <= 5, `${cells} cells on a link that is no guard's: pings alone`);
    }
    assert.ok(covered > 60 && covered < 100, `${covered} cells in ten minutes`);
    await tab.peer.stop();
  }, 1_200_000);
});
