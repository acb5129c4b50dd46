/** Messages through a network of ten relays, on a virtual clock. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCrypto } from '../../src/adapters/node-crypto.ts';
import { hex } from '../../src/core/bytes/bytes.ts';
import { type Identity, newIdentity } from '../../src/core/crypto/identity.ts';
import { InboxHost, Messages } from '../../src/core/peer/index.ts';
import { encodeAddress } from '../../src/core/wire/address.ts';
import type { InboxMessage } from '../../src/core/wire/inbox.ts';
import { INBOX } from '../../src/core/wire/registry.ts';
import { relayUrl, type SimPeer, simTab } from '../../src/sim/peers.ts';
import { SimNetwork } from '../../src/sim/index.ts';
import { until, untilReady } from '../support/sim-site.ts';
import { host as hostTcp, peers } from '../support/sim-tcp.ts';

async function host(
  network: SimNetwork,
  { node, peer }: SimPeer,
  keep: (message: InboxMessage) => Promise<0 | 1>,
  identity: Identity = newIdentity(node.env),
): Promise<InboxHost> {
  const inbox = peer.host((deps, onChange) => new InboxHost(deps, identity, { title: 'an inbox', keep }, onChange));
  await until(network, () => inbox.status.publishedAtMs !== undefined && inbox.status.points.length === 3);
  return inbox;
}

test('inbox: a message is kept and answered; a full inbox, no inbox, and nobody are told apart', async () => {
  const network = new SimNetwork({ seed: 'inbox', crypto: nodeCrypto });
  await network.run(async () => {
    const { server, client } = await peers(network);
    const kept: InboxMessage[] = [];
    const messages = client.peer.visitBy((visiting) => new Messages(visiting));
    const inbox = await host(network, server, async (message) => {
      if (kept.length === 2) return INBOX.full;
      kept.push(message);
      return INBOX.kept;
    });
    const { address } = inbox.status;
    assert.equal(await messages.isInbox(client.peer.sites.open(address).visit), true);
    client.peer.sites.close(address);
    assert.deepEqual(kept, [], 'a question is no message');
    const author = newIdentity(client.node.env);
    const long = 'ü'.repeat(8_000);
    const ids = [await messages.send(address, 'hello'), await messages.send(address, long, author)];
    assert.deepEqual(
      kept.map(({ id, text, signedBy }) => [hex(id), text, signedBy]),
      [
        [hex(ids[0] as Uint8Array), 'hello', undefined],
        [hex(ids[1] as Uint8Array), long, author.publicKey],
      ],
    );
    await assert.rejects(messages.send(address, 'one more'), { kind: 'full', message: /the inbox is full/ });
    assert.equal(server.peer.status().services[0]?.kind, 'inbox');
    // Each message gives its circuit back.
    await until(network, () => [...client.peer.circuits.own()].every(({ note }) => !note.purpose.startsWith('visit')));

    const tcp = await hostTcp(network, server);
    await assert.rejects(messages.send(tcp.status.address, 'hello'), { kind: 'refused', message: /no inbox/ });
    assert.equal(await messages.isInbox(client.peer.sites.open(tcp.status.address).visit), false);
    const unknown = encodeAddress(newIdentity(client.node.env).publicKey);
    await assert.rejects(messages.send(unknown, 'hello'), { kind: 'unknown' });
    network.kill(server.node);
    await assert.rejects(messages.send(address, 'hello'), { kind: 'unserved' });
  }, 600_000);
});

test('inbox: its host dies when it has kept a message and not answered; its next life is told again, and knows the message', async () => {
  const network = new SimNetwork({ seed: 'inbox-dies', crypto: nodeCrypto });
  await network.run(async () => {
    const { server, client } = await peers(network);
    const identity = newIdentity(server.node.env);
    const kept: string[] = [];
    const messages = client.peer.visitBy((visiting) => new Messages(visiting));
    const inbox = await host(
      network,
      server,
      ({ id }) => {
        kept.push(hex(id));
        network.kill(server.node);
        return new Promise(() => undefined);
      },
      identity,
    );
    const sent = messages.send(inbox.status.address, 'hello');
    await until(network, () => kept.length === 1);
    const again = await simTab(network, 'server', { bootstraps: [relayUrl(0), relayUrl(1)], relaying: false });
    await untilReady(network, again);
    const told: string[] = [];
    await host(
      network,
      again,
      async ({ id }) => {
        told.push(hex(id));
        return INBOX.kept;
      },
      identity,
    );
    assert.equal(hex(await sent), kept[0]);
    assert.deepEqual(told, kept);
  }, 600_000);
});
