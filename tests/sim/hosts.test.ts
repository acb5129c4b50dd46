/** An address that several peers serve, and a site for the invited, over a whole network on a virtual clock. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCrypto } from '../../src/adapters/node-crypto.ts';
import { fromUtf8, utf8 } from '../../src/core/bytes/bytes.ts';
import { newIdentity } from '../../src/core/crypto/identity.ts';
import { SimNetwork } from '../../src/sim/index.ts';
import { publish, read } from '../support/sim-site.ts';
import { client, nameService, say, tenRelays } from '../support/sim-services.ts';

test('hosts: visitors come to either of two peers that serve one address, and it outlives one of them', async () => {
  const network = new SimNetwork({ seed: 'hosts', crypto: nodeCrypto });
  await network.run(async () => {
    await tenRelays(network);
    const servers = [await client(network, 'one'), await client(network, 'two')] as const;
    const identity = newIdentity(servers[0].node.env);
    const one = await nameService(network, servers[0], { hostKey: new Uint8Array(32).fill(1) }, identity);
    await nameService(network, servers[1], { hostKey: new Uint8Array(32).fill(2) }, identity);
    const { address } = one.status;
    const served = new Set<string>();
    for (let i = 0; i < 8; i++) {
      const visitor = await client(network, `visitor ${i}`);
      served.add(await say(visitor, address, 'hello'));
      await visitor.peer.stop();
    }
    assert.deepEqual([...served].sort(), ['one hello', 'two hello']);
    network.kill(servers[0].node);
    for (let i = 0; i < 4; i++) assert.equal(await say(await client(network, `late ${i}`), address, 'hello'), 'two hello');
  }, 1_200_000);
});

test('invitations: a site for the invited is read by them, and nobody else gets a page of it', async () => {
  const network = new SimNetwork({ seed: 'invited-site', crypto: nodeCrypto });
  await network.run(async () => {
    await tenRelays(network);
    const server = await client(network, 'server');
    const anna = { name: 'anna', secret: new Uint8Array(32).fill(1) };
    const site = await publish(network, server, utf8('<h1>for the invited</h1>'), newIdentity(server.node.env), { invitations: [anna] });
    assert.equal(fromUtf8(await read(await client(network, 'anna', anna), site.status.address)), '<h1>for the invited</h1>');
    await assert.rejects(read(await client(network, 'stranger'), site.status.address), {
      kind: 'refused',
      message: /for invited visitors alone/,
    });
  }, 600_000);
});
