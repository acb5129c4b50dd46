/** Ten relays on a virtual clock, a TCP service that says who it is, and those who visit it. */
import type { Address } from '../../src/core/bytes/brand.ts';
import { fromUtf8, utf8 } from '../../src/core/bytes/bytes.ts';
import { type Identity, newIdentity } from '../../src/core/crypto/identity.ts';
import { hostTcp, type TcpHost } from '../../src/core/peer/index.ts';
import type { HostOptions, ServiceInvitation } from '../../src/core/service/index.ts';
import { readAll, type SessionStream } from '../../src/core/stream/index.ts';
import { STREAM } from '../../src/core/wire/registry.ts';
import { encodeTcpRequest } from '../../src/core/wire/tcp.ts';
import type { SimNetwork } from '../../src/sim/index.ts';
import { relayUrl, type SimPeer, simRelay, simTab } from '../../src/sim/peers.ts';
import { until, untilReady } from './sim-site.ts';

const bootstraps = [relayUrl(0), relayUrl(1)];

export async function tenRelays(network: SimNetwork): Promise<void> {
  const all: SimPeer[] = [];
  for (let i = 0; i < 10; i++) all.push(await simRelay(network, i, { bootstraps: bootstraps.slice(0, i) }));
  for (const relay of all) await untilReady(network, relay);
}

export async function client(network: SimNetwork, name: string, invitation?: ServiceInvitation): Promise<SimPeer> {
  const tab = await simTab(network, name, { bootstraps, relaying: false, invitationTo: async () => invitation?.secret });
  await untilReady(network, tab);
  return tab;
}

/** A service that answers with its peer's name and what it heard. */
export async function nameService(
  network: SimNetwork,
  { node, peer }: SimPeer,
  options: Pick<HostOptions, 'hostKey' | 'invitations'>,
  identity: Identity = newIdentity(node.env),
): Promise<TcpHost> {
  const onConnection = (stream: SessionStream): void => {
    stream.accept();
    void readAll(stream, 1000).then(
      async (heard) => {
        await stream.write(utf8(`${node.name} ${fromUtf8(heard)}`));
        stream.end();
      },
      () => undefined,
    );
  };
  const service = hostTcp(peer, identity, { title: 'its name', onConnection }, options);
  await until(network, () => service.status.publishedAtMs !== undefined && service.status.points.length === 3);
  return service;
}

export async function say({ peer }: SimPeer, address: Address, words: string): Promise<string> {
  const session = await peer.tcp.visit(address, '');
  const stream = await session.openStream(STREAM.tcp, encodeTcpRequest({ port: 80 }), utf8(words));
  stream.end();
  return fromUtf8(await readAll(stream, 1000));
}
