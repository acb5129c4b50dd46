import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Directory, Guards } from '../../../src/core/directory/index.ts';
import type { Links } from '../../../src/core/link/index.ts';
import { NetworkWays } from '../../../src/core/peer/ways.ts';
import { describe, openPeer } from '../../support/peers.ts';
import { testEnv } from '../../support/test-env.ts';

const PEERS = 16;

/** A directory of open peers, all but the last vouched for, and links to all of them. */
async function house() {
  const env = testEnv();
  const directory = new Directory(env);
  const descriptors = Array.from({ length: PEERS }, (_, index) => describe(openPeer(index), env.now()));
  const stranger = descriptors.pop()!;
  directory.add(stranger.bytes);
  for (const one of descriptors) for (const witness of descriptors) if (one !== witness) directory.add(one.bytes, witness);
  const guards = await Guards.load(env, directory, undefined);
  const links = { all: () => descriptors.map(({ id }) => ({ peer: id })) } as unknown as Links;
  const ways = new NetworkWays({ env, directory, guards, links, isOpen: false, access: () => assert.fail('asks nobody') });
  return { env, guards, ways, descriptors, stranger };
}

test('ways: a last hop whose keys only it has shown is not used, unless a signed record names them', async () => {
  const { ways, descriptors, stranger } = await house();
  const known = descriptors[0]!;
  assert.equal(ways.usable({ peer: known.id }).id, known.id);
  assert.throws(() => ways.usable({ peer: stranger.id }), { kind: 'unverified' });
  assert.deepEqual(ways.usable({ peer: stranger.id, descriptorHash: stranger.hash }).hash, stranger.hash);
  assert.throws(() => ways.usable({ peer: stranger.id, descriptorHash: known.hash }), { kind: 'unverified' });
});

test('ways: our circuits begin at the three guards in use, not at those that stood in for them', async () => {
  const { env, guards, ways } = await house();
  const first = await guards.inUse();
  for (const { id } of first) await guards.noteFailed(id, true);
  const standIns = (await guards.inUse()).map(({ id }) => id);
  assert.ok(standIns.length > 0 && standIns.every((id) => guards.isGuard(id)));
  for (const { id } of first) await guards.noteLinked(id);
  await env.advance(1);
  const inUse = new Set(first.map(({ id }) => id));
  for (let i = 0; i < 40; i++) assert.ok(inUse.has((await ways.choosePath(undefined, false))[0]!.id));
});
