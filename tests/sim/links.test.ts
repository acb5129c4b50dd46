import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCrypto } from '../../src/adapters/node-crypto.ts';
import type { PeerId } from '../../src/core/bytes/index.ts';
import { newIdentity, peerIdOf } from '../../src/core/crypto/identity.ts';
import { sleep } from '../../src/core/env.ts';
import { Links } from '../../src/core/link/index.ts';
import type { Link } from '../../src/core/ports.ts';
import { LINK_CLOSE } from '../../src/core/wire/registry.ts';
import { SimNetwork, type SimNode } from '../../src/sim/index.ts';

/** A node with links of its own: dials by url, takes what comes in, keeps what it was told. */
interface Linked {
  readonly node: SimNode;
  readonly peer: PeerId;
  readonly links: Links;
  readonly told: string[];
}

function linked(network: SimNetwork, name: string): Linked {
  const node = network.node(name, { url: `ws://${name}` });
  const identity = newIdentity(node.env);
  const told: string[] = [];
  const tell = (what: string, link: Link): void => void told.push(`${node.env.now()} ${name} ${what} ${link.peer.slice(0, 8)}`);
  const handler = {
    onLink: (link: Link) => tell('linked', link),
    onFrame: () => {},
    onWithdrawal: () => undefined,
    onDescriptor: () => {},
    onClose: (link: Link, code: number) => tell(`closed ${code}`, link),
  };
  const links = new Links(node.env, { identity, handler, dialers: [node.dialer], maxLinks: 10 });
  node.onTransport = (transport) => links.adopt(transport);
  return { node, peer: peerIdOf(identity.publicKey), links, told };
}

test('peers link over simulated wires, and each end learns who the other is', async () => {
  const network = new SimNetwork({ seed: 'links', crypto: nodeCrypto });
  const [a, b] = [linked(network, 'a'), linked(network, 'b')];
  await network.run(async () => {
    const link = await a.links.dial({ peer: b.peer, url: 'ws://b' });
    await sleep(a.node.env, 1000);
    assert.equal(link.peer, b.peer);
    assert.equal(b.links.get(a.peer)?.peer, a.peer);
  });
});

test('a cut wire closes the link at both ends at once; a silent one is noticed by its pings', async () => {
  for (const fault of ['cut', 'silence'] as const) {
    const network = new SimNetwork({ seed: fault, crypto: nodeCrypto });
    const [a, b] = [linked(network, 'a'), linked(network, 'b')];
    await network.run(async () => {
      await a.links.dial({ peer: b.peer, url: 'ws://b' });
      await sleep(a.node.env, 1000);
      network.wires(a.node, b.node)[0]?.[fault]();
      const endMs = a.node.env.now() + 600_000;
      while (a.links.count + b.links.count > 0 && a.node.env.now() < endMs) await sleep(a.node.env, 1000);
    });
    assert.deepEqual([a.links.count, b.links.count], [0, 0], fault);
    const code = fault === 'cut' ? LINK_CLOSE.transport : LINK_CLOSE.timeout;
    assert.match(a.told.at(-1) ?? '', new RegExp(`closed ${code} `), fault);
  }
});

/** Twelve peers link at random under cuts and deaths: all that they were told. */
async function story(seed: string): Promise<string> {
  const network = new SimNetwork({ seed, crypto: nodeCrypto });
  const peers = Array.from({ length: 12 }, (_, i) => linked(network, `n${i}`));
  const stops = [
    network.everyAbout(200, () => {
      const [from, to] = [network.pick(peers), network.pick(peers)];
      if (from?.node.alive && to !== undefined) from.links.linkTo({ peer: to.peer, url: to.node.url }).catch(() => {});
    }),
    network.everyAbout(500, () => network.pick(network.wires())?.cut()),
    network.everyAbout(5000, () => network.alive.length > 6 && network.kill(network.pick(network.alive) as SimNode)),
  ];
  await network.clock.advance(20_000);
  for (const stop of stops) stop();
  return peers.flatMap(({ told }) => told).join('\n');
}

test('a story of links under faults replays from its seed', async () => {
  const told = await story('one');
  assert.ok(told.split('\n').length > 50, told);
  assert.equal(await story('one'), told);
});
