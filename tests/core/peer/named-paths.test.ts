import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMPTY } from '../../../src/core/bytes/bytes.ts';
import { GlobalNetError } from '../../../src/core/bytes/errors.ts';
import type { DirectoryAccess } from '../../../src/core/directory/index.ts';
import type { Circuits } from '../../../src/core/peer/circuits.ts';
import { NamedPaths } from '../../../src/core/peer/named-paths.ts';
import { STREAM } from '../../../src/core/wire/registry.ts';
import { describe, openPeer } from '../../support/peers.ts';
import { testEnv } from '../../support/test-env.ts';

test('named paths: what was drawn for a try that failed is not drawn for the next one of the same circuit', async () => {
  const env = testEnv();
  const [first, second, third, named] = [1, 2, 3, 4].map((index) => describe(openPeer(index), env.now()));
  const withouts: string[][] = [];
  const chooseNamed = async (_hops: unknown, _fits: unknown, without: ReadonlySet<string> = new Set()) => {
    withouts.push([...without]);
    return [first!, without.has(second!.id) ? third! : second!, named!];
  };
  const openAlong: Circuits['openAlong'] = async (choose) => {
    for (const _ of [1, 2, 3]) await choose();
    throw new GlobalNetError('unreachable', 'the circuit ended before it was answered');
  };
  const paths = new NamedPaths({
    ways: { chooseNamed, linkTo: async () => ({}) as never },
    circuits: { openAlong },
    access: () => ({ env }) as unknown as DirectoryAccess,
    ready: async () => undefined,
  });
  const session = paths.session({ hops: ['rand', 'rand', named!.id], example: [] }, () => true, 'tunnel');
  await assert.rejects(session.openStream(STREAM.dht, EMPTY));
  await assert.rejects(session.openStream(STREAM.dht, EMPTY));
  const once = [[], [second!.id], [second!.id, third!.id]];
  assert.deepEqual(withouts, [...once, ...once], 'neither the guard nor who was named');
});
