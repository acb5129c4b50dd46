import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCrypto } from '../../src/adapters/node-crypto.ts';
import { fromUtf8, utf8 } from '../../src/core/bytes/bytes.ts';
import { EFFORT_MIN } from '../../src/core/service/constants.ts';
import { readAll } from '../../src/core/stream/index.ts';
import { STREAM } from '../../src/core/wire/registry.ts';
import { encodeTcpRequest } from '../../src/core/wire/tcp.ts';
import { SimNetwork } from '../../src/sim/index.ts';
import { relayUrl, type SimPeer, simTab } from '../../src/sim/peers.ts';
import { type Knock, knockInVain, overhear, perPoint } from '../support/hello-flood.ts';
import { until, untilReady } from '../support/sim-site.ts';
import { host, peers } from '../support/sim-tcp.ts';

async function say({ peer }: SimPeer, address: string, isolation: string): Promise<string> {
  const session = await peer.tcp.visit(address, isolation);
  const stream = await session.openStream(STREAM.tcp, encodeTcpRequest({ port: 80 }), utf8('hello'));
  stream.end();
  return fromUtf8(await readAll(stream, 1000));
}

/** At each of a service's points in turn, until it is stopped. */
class Flood {
  sent = 0;
  #stopped = false;

  constructor(
    private readonly network: SimNetwork,
    private readonly from: SimPeer,
    private readonly points: readonly Knock[],
  ) {}

  async run(perSecond: number): Promise<void> {
    const { peer, node } = this.from;
    while (!this.#stopped) {
      knockInVain(peer, node.env, this.points[this.sent++ % this.points.length] as Knock);
      await new Promise<void>((resolve) => this.network.clock.schedule(1000 / perSecond, resolve));
    }
  }

  stop(): void {
    this.#stopped = true;
  }
}

test('price: hundreds of hellos that nobody worked for make a service ask for work; who works comes in while they go on; then the price falls', async () => {
  const network = new SimNetwork({ seed: 'price', crypto: nodeCrypto });
  await network.run(async () => {
    const { server, client } = await peers(network);
    const { address } = (await host(network, server)).status;
    const hostile = await simTab(network, 'hostile', { bootstraps: [relayUrl(0), relayUrl(1)], relaying: false });
    await untilReady(network, hostile);
    const effort = (): number => server.peer.status().services[0]?.effort ?? Number.NaN;
    const said = overhear(hostile.peer);
    for (let i = 0; perPoint(said).length < 3; i++) assert.equal(await say(hostile, address, `${i}`), '80 hello');
    assert.equal(effort(), 0);

    const flood = new Flood(network, hostile, perPoint(said));
    const flooding = flood.run(60);
    await until(network, () => effort() >= EFFORT_MIN);
    assert.ok(flood.sent > 100, `${flood.sent}`);
    const heard = overhear(client.peer);
    const before = flood.sent;
    for (let i = 0; i < 3; i++) assert.equal(await say(client, address, `while it goes on ${i}`), '80 hello');
    await new Promise<void>((resolve) => network.clock.schedule(5_000, resolve));
    assert.equal(await say(client, address, 'and on'), '80 hello');
    assert.ok(flood.sent > before + 200, `${flood.sent - before}`);
    assert.ok((heard.at(-1)?.connect.effort ?? 0) >= EFFORT_MIN, 'the visitor has worked');
    flood.stop();
    await flooding;
    await until(network, () => effort() === 0);
    assert.equal(await say(client, address, 'afterwards'), '80 hello');
  }, 1_800_000);
});
