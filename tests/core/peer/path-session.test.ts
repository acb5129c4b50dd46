import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PathSession } from '../../../src/core/peer/index.ts';
import { acceptCircuit } from '../../../src/core/peer/last-hop.ts';
import { RendezvousPoint } from '../../../src/core/service/index.ts';
import { STREAM } from '../../../src/core/wire/registry.ts';
import { circuitPair } from '../../support/circuit-pair.ts';
import { testEnv } from '../../support/test-env.ts';

const ANSWER = Uint8Array.from({ length: 60_000 }, (_, i) => i % 251);

test('cells that come while the reply is still being opened stand behind what it says', async () => {
  const env = testEnv();
  const { builder, last } = circuitPair(env, { delayMs: 1 });
  const session = new PathSession(env, async (early) => {
    const reply = await new Promise<Uint8Array>((answer) => {
      const onStream = (stream: Parameters<Parameters<typeof acceptCircuit>[0]['onStream']>[0]): void => {
        void stream.write(ANSWER);
        stream.end();
      };
      acceptCircuit({ env, point: new RendezvousPoint(env), onStream }, last, early.slice(), answer);
    });
    assert.ok(reply.length > 10_000, 'the reply holds the beginning of the answer');
    await new Promise<void>((resolve) => void env.schedule(100, resolve));
    return { end: builder, reply, hops: [] };
  });
  const heard: Uint8Array[] = [];
  const reading = (async () => {
    const stream = await session.openStream(STREAM.exit, Uint8Array.of(1));
    for (let bytes = await stream.read(); bytes !== undefined; bytes = await stream.read()) heard.push(bytes);
  })();
  await env.advance(5000);
  await reading;
  assert.deepEqual(new Uint8Array(Buffer.concat(heard)), ANSWER);
});
