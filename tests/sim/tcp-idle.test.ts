import { test } from 'node:test';
import assert from 'node:assert/strict';
import { nodeCrypto } from '../../src/adapters/node-crypto.ts';
import { utf8 } from '../../src/core/bytes/bytes.ts';
import { readAll } from '../../src/core/stream/index.ts';
import { STREAM } from '../../src/core/wire/registry.ts';
import { encodeTcpRequest } from '../../src/core/wire/tcp.ts';
import { SimNetwork } from '../../src/sim/index.ts';
import { until } from '../support/sim-site.ts';
import { host, peers } from '../support/sim-tcp.ts';

test('tcp: a session that nobody uses gives its circuit back', async () => {
  const network = new SimNetwork({ seed: 'tcp-idle', crypto: nodeCrypto });
  await network.run(async () => {
    const { server, client } = await peers(network);
    const service = await host(network, server);
    const session = await client.peer.tcp.visit(service.status.address, '');
    const stream = await session.openStream(STREAM.tcp, encodeTcpRequest({ port: 80 }), utf8('once'));
    stream.end();
    await readAll(stream, 1000);
    assert.equal(service.status.visitors, 1);
    await until(network, () => service.status.visitors === 0);
    assert.equal(session.attached, false);
  }, 3_600_000);
});
