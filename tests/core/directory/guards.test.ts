import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryRecords } from '../../../src/adapters/memory-store.ts';
import { utf8 } from '../../../src/core/bytes/index.ts';
import { Directory, GUARDS_LISTED_MAX, Guards, loadSavedPeers, savePeers } from '../../../src/core/directory/index.ts';
import { hasRole } from '../../../src/core/wire/descriptor.ts';
import { areRelated } from '../../../src/core/wire/related.ts';
import { ROLE } from '../../../src/core/wire/registry.ts';
import { describe, openPeer, rememberingCrypto, tabPeer, testPeer, websocketAt } from '../../support/peers.ts';
import { testEnv, type TestEnv } from '../../support/test-env.ts';

const DAY_MS = 24 * 3_600_000;

function fill(env: TestEnv, directory: Directory, count = 30): void {
  const witnesses = [900, 901].map((index) => describe(openPeer(index), env.now()));
  const add = (bytes: Uint8Array) => witnesses.forEach((witness) => directory.add(bytes, witness));
  for (let i = 0; i < count; i++) add(describe(openPeer(i), env.now()).bytes);
  for (let i = 0; i < 10; i++) add(describe(tabPeer(i, []), env.now()).bytes);
  add(describe(testPeer('same net as 0', { roles: ROLE.open | ROLE.stable, addresses: [websocketAt([11, 0, 77, 7])] }), env.now()).bytes);
}

function setUp(seed: string, count?: number) {
  const env = testEnv({ seed, crypto: rememberingCrypto() });
  const directory = new Directory(env);
  fill(env, directory, count);
  return { env, directory, store: new MemoryRecords() };
}

const ids = (guards: readonly { id: string }[]) => guards.map(({ id }) => id);

test('three guards are drawn: open, stable, unrelated, never a tab; and a second layer apart from them', async () => {
  const { env, directory, store } = setUp('draw');
  const guards = await Guards.load(env, directory, store);
  const drawn = [...(await guards.inUse()), ...(await guards.secondLayer())].map(({ id }) => directory.get(id));
  assert.equal(drawn.length, 7);
  for (const [i, one] of drawn.entries()) {
    assert.ok(one !== undefined && hasRole(one, ROLE.open | ROLE.stable));
    for (const other of drawn.slice(i + 1)) assert.ok(other !== undefined && !areRelated(one, other));
  }
});

test('guards outlive restarts, and a store that is missing is told', async () => {
  const { env, directory, store } = setUp('restart');
  const first = ids(await (await Guards.load(env, directory, store)).inUse());
  await env.advance(1000);
  const again = await Guards.load(env, new Directory(env), store);
  assert.deepEqual(ids(await again.inUse()), first, 'even when the directory is empty');
  assert.ok(
    (await again.inUse()).every(({ urls }) => urls.length > 0),
    'with addresses to dial',
  );
  assert.equal(again.persistent, true);
  assert.equal((await Guards.load(env, directory, undefined)).persistent, false);
});

test('short failures replace nothing: the guard is used again when it is back', async () => {
  const { env, directory, store } = setUp('short');
  const guards = await Guards.load(env, directory, store);
  const before = ids(await guards.inUse());
  await guards.noteFailed(before[0] as never, true);
  const meanwhile = ids(await guards.inUse());
  assert.deepEqual(meanwhile, before.slice(1), 'two are enough for a while');
  await guards.noteFailed(before[1] as never, true);
  assert.equal((await guards.inUse()).length, 2, 'one more is drawn when only one is left');
  await env.advance(11 * 60_000);
  assert.deepEqual(ids(await guards.inUse()), before);
});

test('when our own network fails no guard is blamed', async () => {
  const { env, directory, store } = setUp('offline');
  const guards = await Guards.load(env, directory, store);
  const before = ids(await guards.inUse());
  for (const id of before) for (let i = 0; i < 30; i++) await guards.noteFailed(id as never, false);
  assert.deepEqual(ids(await guards.inUse()), before);
});

test('whoever shuts down every guard we draw meets the end of the list', async () => {
  const { env, directory, store } = setUp('walk', 60);
  const guards = await Guards.load(env, directory, store);
  const seen = new Set<string>();
  for (let i = 0; i < 200; i++) {
    for (const id of ids(await guards.inUse())) {
      seen.add(id);
      await guards.noteFailed(id as never, true);
    }
    await env.advance(1000);
  }
  assert.ok(seen.size <= GUARDS_LISTED_MAX, `${seen.size} guards were used`);
});

test('a guard that is dead for weeks is dropped, and each ends some day', async () => {
  const { env, directory, store } = setUp('dead');
  const guards = await Guards.load(env, directory, store);
  const before = ids(await guards.inUse());
  for (let i = 0; i < 25; i++) {
    await guards.noteFailed(before[0] as never, true);
    await env.advance(DAY_MS);
  }
  fill(env, directory);
  const later = ids(await guards.inUse());
  assert.ok(!later.includes(before[0] as string));
  assert.ok(later.includes(before[1] as string));
  await env.advance(121 * DAY_MS);
  fill(env, directory);
  assert.ok(ids(await guards.inUse()).every((id) => !before.includes(id)));
});

test('a damaged record counts as none', async () => {
  const { env, directory, store } = setUp('damaged');
  for (const junk of ['{', '[]', 'null', '{"first":[{"id":"x"}],"second":3}']) {
    await store.set('directory/guards', utf8(junk));
    assert.equal((await (await Guards.load(env, directory, store)).inUse()).length, 3);
  }
});

test('saved peers come back with their addresses and their age', async () => {
  const { env, directory, store } = setUp('saved');
  await savePeers(store, directory);
  await env.advance(DAY_MS);
  const empty = new Directory(env);
  const saved = await loadSavedPeers(store, empty);
  assert.ok(saved.length >= 30 && saved.every(({ urls }) => urls.length === 1));
  assert.equal(empty.known(openPeer(3).id)?.firstSeenMs, env.now() - DAY_MS);
  await store.set('directory/peers', utf8('[{"id":"short","firstSeenMs":1,"urls":[]},7]'));
  assert.deepEqual(await loadSavedPeers(store, empty), []);
});

test('a second layer whose peers have gone is filled up with others, and those that come back are used again', async () => {
  const { env, directory, store } = setUp('second layer');
  const before = ids(await (await Guards.load(env, directory, store)).secondLayer());
  const gone = before.slice(0, 3);
  const elsewhere = new Directory(env);
  for (const descriptor of directory.all()) {
    if (gone.includes(descriptor.id)) continue;
    for (const index of [900, 901]) elsewhere.add(descriptor.bytes, describe(openPeer(index), env.now()));
  }
  const guards = await Guards.load(env, elsewhere, store);
  assert.deepEqual(guards.missingSecond(), gone);
  const meanwhile = ids(await guards.secondLayer());
  assert.equal(meanwhile.length, 4);
  assert.equal(meanwhile[0], before[3], 'the one that stayed is kept');
  assert.ok(meanwhile.every((id) => !gone.includes(id)));
  assert.deepEqual(ids(await (await Guards.load(env, directory, store)).secondLayer()), before);
});
