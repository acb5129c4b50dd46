import { fromUtf8, utf8 } from '../../src/core/bytes/bytes.ts';
import { newIdentity } from '../../src/core/crypto/identity.ts';
import { hostTcp, type TcpHost } from '../../src/core/peer/index.ts';
import { readAll, type SessionStream } from '../../src/core/stream/index.ts';
import { END } from '../../src/core/wire/registry.ts';
import type { SimNetwork } from '../../src/sim/index.ts';
import { relayUrl, type SimPeer, simRelay, simTab } from '../../src/sim/peers.ts';
import { until, untilReady } from './sim-site.ts';

const bootstraps = [relayUrl(0), relayUrl(1)];

export async function peers(network: SimNetwork): Promise<{ relays: SimPeer[]; server: SimPeer; client: SimPeer }> {
  const relays: SimPeer[] = [];
  for (let i = 0; i < 10; i++) relays.push(await simRelay(network, i, { bootstraps: bootstraps.slice(0, i) }));
  for (const relay of relays) await untilReady(network, relay);
  const server = await simTab(network, 'server', { bootstraps, relaying: false });
  const client = await simTab(network, 'client', { bootstraps, relaying: false });
  await untilReady(network, server);
  await untilReady(network, client);
  return { relays, server, client };
}

/** A service that says on which port it was asked, and what, once it has heard the end. Port 7 refuses. */
export async function host(network: SimNetwork, { node, peer }: SimPeer, connections: SessionStream[] = []): Promise<TcpHost> {
  const service = hostTcp(peer, newIdentity(node.env), {
    title: 'an echo',
    onConnection(stream, { port }) {
      connections.push(stream);
      if (port === 7) return stream.reset(END.unreachable);
      stream.accept();
      void readAll(stream, 1000).then(
        async (heard) => {
          await stream.write(utf8(`${port} ${fromUtf8(heard)}`));
          stream.end();
        },
        () => undefined,
      );
    },
  });
  await until(network, () => service.status.publishedAtMs !== undefined && service.status.points.length === 3);
  return service;
}
