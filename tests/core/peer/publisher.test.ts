import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeerId } from '../../../src/core/bytes/brand.ts';
import { Directory, Guards } from '../../../src/core/directory/index.ts';
import type { Links } from '../../../src/core/link/index.ts';
import { Publisher } from '../../../src/core/peer/publisher.ts';
import type { RecordStore } from '../../../src/core/ports.ts';
import { OnionKeyring } from '../../../src/core/relay/index.ts';
import { ROLE } from '../../../src/core/wire/registry.ts';
import { describe, openPeer, testPeer, type TestPeer, websocketAt } from '../../support/peers.ts';
import { testEnv } from '../../support/test-env.ts';

async function house({ records, roles = 0 }: { records?: RecordStore; roles?: number } = {}) {
  const env = testEnv();
  const { identity, id } = testPeer('self');
  const directory = new Directory(env, { self: id });
  const peers = [1, 2, 3, 4, 5, 6].map((index) => openPeer(index));
  for (const peer of peers) directory.add(describe(peer, env.now()).bytes);
  const linked: PeerId[] = [];
  const links = {
    all: () => linked.map((peer) => ({ peer, sendDescriptor: () => undefined, sendWithdrawal: () => undefined })),
  } as unknown as Links;
  const asked: ((answer: Uint8Array) => void)[] = [];
  const ask = (): Promise<Uint8Array> => new Promise((resolve) => asked.push(resolve));
  const guards = await Guards.load(env, directory, undefined);
  const publisher = new Publisher({
    env,
    identity,
    keyring: new OnionKeyring(env),
    directory,
    guards,
    links,
    records,
    self: { roles, addresses: roles === 0 ? [{ kind: 'mesh' }] : [websocketAt([77, 7, 7, 7])], operator: '' },
    access: () => ({ env, directory, ask, via: 'link' }),
  });
  return { env, directory, guards, publisher, peers, linked, asked };
}

/** Two unrelated ones name it. */
function vouch(directory: Directory, nowMs: number, peer: TestPeer, by: readonly TestPeer[]): void {
  for (const witness of by) directory.add(describe(peer, nowMs).bytes, describe(witness, nowMs));
}

test('publisher: who stops while it publishes publishes no more, and no timer is left', async () => {
  const { env, directory, publisher, peers, linked, asked } = await house({ roles: ROLE.open });
  linked.push(peers[0]!.id);
  const started = publisher.start();
  await env.advance(1);
  assert.ok(asked.length > 0);
  publisher.stop();
  const atStop = asked.length;
  for (const answer of asked) answer(Uint8Array.of(1, 0, 0, 0));
  await env.advance(1);
  await Promise.race([started, env.advance(1)]);
  const withdrawn = asked.length;
  await env.advance(3_600_000);
  assert.equal(asked.length, withdrawn, `${atStop} at the stop`);
  assert.equal(directory.own, undefined);
  assert.equal(env.clock.waiting, 0);
});

test('publisher: a disk that fails ends nothing, and the next try comes', async () => {
  let writes = 0;
  const failing = {
    get: async () => undefined,
    set: async () => {
      writes++;
      throw new Error('the disk is full');
    },
  } as unknown as RecordStore;
  const { env, publisher } = await house({ roles: ROLE.open, records: failing });
  await publisher.start();
  await env.advance(20_000);
  assert.ok(writes > 2);
  publisher.stop();
});

test('publisher: a tab lists no link before its guards are drawn, and draws no guard from what it has listed', async () => {
  const { env, directory, guards, publisher, peers, linked } = await house();
  linked.push(peers[0]!.id, peers[1]!.id);
  const links = (): readonly PeerId[] => directory.own?.links ?? [];
  await publisher.start();
  await env.advance(1);
  assert.deepEqual(links(), []);
  vouch(directory, env.now(), peers[2]!, [peers[4]!, peers[5]!]);
  await guards.inUse();
  assert.ok(guards.isGuard(peers[2]!.id));
  await env.advance(10_000);
  const listed = links();
  assert.deepEqual([...listed].sort(), [peers[0]!.id, peers[1]!.id].sort());
  for (const peer of peers)
    vouch(
      directory,
      env.now(),
      peer,
      peers.filter((other) => other !== peer),
    );
  await guards.inUse();
  for (const id of listed) assert.equal(guards.isGuard(id), false);
});
