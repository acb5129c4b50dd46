/** A service for invited visitors, over a whole network on a virtual clock. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCrypto } from '../../src/adapters/node-crypto.ts';
import { sleep } from '../../src/core/env.ts';
import type { ServiceInvitation } from '../../src/core/service/index.ts';
import { readAll } from '../../src/core/stream/index.ts';
import { STREAM } from '../../src/core/wire/registry.ts';
import { encodeTcpRequest } from '../../src/core/wire/tcp.ts';
import { SimNetwork } from '../../src/sim/index.ts';
import type { SimPeer } from '../../src/sim/peers.ts';
import { until } from '../support/sim-site.ts';
import { client, nameService, say, tenRelays } from '../support/sim-services.ts';

const ANNA: ServiceInvitation = { name: 'anna', secret: new Uint8Array(32).fill(1) };
const BOB: ServiceInvitation = { name: 'bob', secret: new Uint8Array(32).fill(2) };

function told({ peer }: SimPeer): string[] {
  return peer.events.recent.filter(({ kind }) => kind === 'invitation').map(({ text }) => text);
}

test('invitations: the invited come in and others not; one is taken back; a second program is refused while the first one answers', async () => {
  const network = new SimNetwork({ seed: 'invitations', crypto: nodeCrypto });
  await network.run(async () => {
    await tenRelays(network);
    const service = await nameService(network, await client(network, 'server'), { invitations: [ANNA, BOB] });
    const { address } = service.status;
    const [anna, bob, stranger] = [
      await client(network, 'anna', ANNA),
      await client(network, 'bob', BOB),
      await client(network, 'stranger'),
    ];
    assert.equal(await say(anna, address, 'hello'), 'server hello');
    await assert.rejects(say(stranger, address, 'hello'), { kind: 'refused', message: /for invited visitors alone/ });

    const waiting = await (await bob.peer.tcp.visit(address, '')).openStream(STREAM.tcp, encodeTcpRequest({ port: 80 }));
    await waiting.connected;
    const publishedAtMs = service.status.publishedAtMs;
    service.invite([ANNA]);
    await assert.rejects(readAll(waiting, 1000), /refused/);
    await until(network, () => service.status.publishedAtMs !== publishedAtMs);
    await assert.rejects(say(bob, address, 'again'), { kind: 'refused', message: /taken back/ });
    assert.equal(await say(anna, address, 'still'), 'server still');

    const thief = await client(network, 'thief', ANNA);
    await assert.rejects(say(thief, address, 'me too'));
    await until(network, () => told(anna).length > 0);
    assert.match(told(anna)[0] as string, /another program came with your invitation, and was refused/);
    assert.match(told(thief)[0] as string, /another program uses your invitation, and was there first/);
    assert.equal(await say(anna, address, 'still'), 'server still');

    // She dies without a word: after ten seconds of silence another program of hers is in.
    network.kill(anna.node);
    const again = await client(network, 'again', ANNA);
    const askedAtMs = network.clock.now();
    assert.equal(await say(again, address, 'back'), 'server back');
    assert.ok(network.clock.now() - askedAtMs >= 9000, 'she was asked');
    await sleep(again.node.env, 1000);
    assert.deepEqual(told(again), []);
  }, 600_000);
});
