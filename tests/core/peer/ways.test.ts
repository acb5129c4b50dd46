import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeerId } from '../../../src/core/bytes/brand.ts';
import { Directory, Guards } from '../../../src/core/directory/index.ts';
import { sample } from '../../../src/core/env.ts';
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

test('ways: of three paths of one service no peer is on all, and none on two where there are enough; a silent one is left out', async () => {
  const { env, ways, descriptors } = await house();
  for (let i = 0; i < 20; i++) {
    const group = new Map<string, readonly PeerId[]>();
    const points = sample(env, descriptors, 3);
    const silent = descriptors.find(({ id }) => !points.some((point) => point.id === id))!.id;
    for (const _ of [1, 2]) ways.suspects.onSilent([silent]); // one silent path is no reason to leave a guard
    const paths = await Promise.all(points.map((point, n) => ways.choosePath(point, true, String(n), group)));
    const on = (id: PeerId): number => paths.filter((path) => path.some((hop) => hop.id === id)).length;
    assert.deepEqual(
      descriptors.map(({ id }) => on(id)).filter((paths) => paths === 3),
      [],
    );
    assert.equal(on(silent), 0);
    ways.suspects.onAnswered([silent]);
  }
});
