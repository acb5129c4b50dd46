import assert from 'node:assert/strict';
import test from 'node:test';
import { MemoryRecords } from '../../../src/adapters/memory-store.ts';
import { newIdentity } from '../../../src/core/crypto/identity.ts';
import { nextVersion } from '../../../src/core/packs/next-version.ts';
import type { PackWarning } from '../../../src/core/packs/events.ts';
import { PackStore, type PackStoreOptions } from '../../../src/core/packs/pack-store.ts';
import { storedSite } from '../../../src/core/packs/stored-site.ts';
import { CHUNK_BYTES } from '../../../src/core/wire/geometry.ts';
import { testEnv } from '../../support/test-env.ts';
import { entryOf, fields, MemoryChunks, mismatch, noise, siteOf } from './support.ts';

function storeBench(options: Partial<PackStoreOptions> = {}, room?: number) {
  const env = testEnv();
  const chunks = new MemoryChunks(room);
  const records = new MemoryRecords();
  const warnings: PackWarning[] = [];
  const store = new PackStore({ env, records, chunks, onWarning: (warning) => void warnings.push(warning), ...options });
  const add = async (site: ReturnType<typeof siteOf>) => {
    await store.adopt(site.manifest);
    const release = store.hold(site.manifest);
    for (const chunk of site.chunks.values()) await store.keep(env.crypto.sha256(chunk), chunk);
    release();
    return site;
  };
  return { env, chunks, records, warnings, store, add };
}

test('a chunk that two packs share is kept once and stays until the last of them goes', async () => {
  const { env, chunks, store, add } = storeBench();
  const shared = noise('shared', 5000);
  const one = await add(siteOf(env, { 'a.bin': shared, 'one.bin': noise('1', 100) }));
  const two = await add(siteOf(env, { 'b.bin': shared, 'two.bin': noise('2', 100) }));
  assert.equal(chunks.puts, 3);
  await store.remove(one.manifest.hash);
  assert.deepEqual(await store.missing(two.manifest), []);
  assert.equal(await store.usedBytes(), 5100);
  await store.remove(two.manifest.hash);
  assert.equal(await store.usedBytes(), 0);
});

test('a partly fetched pack knows what is missing, also after a restart', async () => {
  const { env, records, chunks, store } = storeBench();
  const site = siteOf(env, { 'film.webm': noise('film', 5 * CHUNK_BYTES), 'a.txt': noise('a', 10) });
  await store.adopt(site.manifest);
  const first = [...site.chunks.values()].slice(0, 3);
  for (const chunk of first) await store.keep(env.crypto.sha256(chunk), chunk);
  const restarted = new PackStore({ env, records, chunks });
  const latest = await restarted.latest(site.author.publicKey, 'site');
  assert.deepEqual(latest, site.manifest);
  assert.equal((await restarted.missing(site.manifest)).length, 3);
});

test('a damaged chunk is thrown away and told, never given', async () => {
  const { env, chunks, store, warnings, add } = storeBench();
  const site = await add(siteOf(env, { 'a.txt': noise('a', 10) }));
  const hash = site.manifest.files[0]?.hash as Uint8Array;
  chunks.map.set([...chunks.map.keys()][0] as string, noise('rot', 10));
  assert.equal(await store.chunk(hash), undefined);
  assert.equal(warnings[0]?.kind, 'damaged');
  assert.equal((await store.missing(site.manifest)).length, 1);
});

test('over the quota the pack that is asked for least goes, never one that is pinned or in use', async () => {
  const { env, store, add } = storeBench({ quotaBytes: 3 * CHUNK_BYTES });
  const pack = (name: string) => siteOf(env, { 'a.bin': noise(name, CHUNK_BYTES) });
  const pinned = await add(pack('pinned'));
  await store.pin(pinned.manifest.hash, true);
  const popular = await add(pack('popular'));
  for (let i = 0; i < 5; i++) store.hold(popular.manifest)();
  const seldom = await add(pack('seldom'));
  const fresh = await add(pack('fresh'));
  assert.equal(await store.manifest(seldom.manifest.hash), undefined);
  const stop = store.hold(fresh.manifest);
  await add(pack('next'));
  assert.equal(await store.manifest(popular.manifest.hash), undefined, 'the only one left to go');
  assert.ok(await store.manifest(pinned.manifest.hash));
  assert.ok(await store.manifest(fresh.manifest.hash));
  stop();
});

test('what was popular long ago goes before what is asked for now', async () => {
  const { env, store, add } = storeBench({ quotaBytes: 2 * CHUNK_BYTES });
  const old = await add(siteOf(env, { 'a.bin': noise('old', CHUNK_BYTES) }));
  for (let i = 0; i < 20; i++) store.hold(old.manifest)();
  await env.advance(90 * 86_400_000);
  const now = await add(siteOf(env, { 'a.bin': noise('now', CHUNK_BYTES) }));
  await add(siteOf(env, { 'a.bin': noise('new', CHUNK_BYTES) }));
  assert.equal(await store.manifest(old.manifest.hash), undefined);
  assert.ok(await store.manifest(now.manifest.hash));
});

test('an evicted site cannot be rolled back; a forgotten one was never here', async () => {
  const { env, store } = storeBench();
  const author = newIdentity(env);
  const one = siteOf(env, {}, { serial: 1 }, author);
  const two = siteOf(env, {}, { serial: 2, previous: one.manifest.hash }, author);
  await store.adopt(two.manifest);
  await store.remove(two.manifest.hash);
  await assert.rejects(store.adopt(one.manifest), mismatch('rollback'));
  assert.equal(await store.latest(author.publicKey, 'site'), undefined);
  await store.forget(author.publicKey, 'site');
  assert.equal(await store.adopt(one.manifest), 'new');
});

test('posts of one author stand beside each other, whatever their serials', async () => {
  const { env, store } = storeBench();
  const author = newIdentity(env);
  for (const serial of [3, 1, 2]) assert.equal(await store.adopt(siteOf(env, {}, { type: 'post', serial }, author).manifest), 'new');
  assert.equal((await store.packs()).length, 3);
});

test('a full disk is told once; room made by a removal is used', async () => {
  const { env, store, warnings, add } = storeBench({}, CHUNK_BYTES);
  const big = siteOf(env, { 'a.bin': noise('big', 3 * CHUNK_BYTES) });
  await add(big);
  assert.equal(warnings.length, 1);
  assert.equal((await store.missing(big.manifest)).length, 2);
  await store.remove(big.manifest.hash);
  const small = await add(siteOf(env, { 'a.bin': noise('small', 100) }));
  assert.deepEqual(await store.missing(small.manifest), []);
});

test('what a mirror serves ends at its pack', async () => {
  const { env, store, add } = storeBench();
  const mirrored = await add(siteOf(env, { 'a.bin': noise('mirrored', 100) }));
  await add(siteOf(env, { 'b.bin': noise('private', 100) }));
  const content = storedSite(store, mirrored.manifest);
  assert.ok(await content.chunk(env.crypto.sha256(noise('mirrored', 100))));
  assert.equal(await content.chunk(env.crypto.sha256(noise('private', 100))), undefined);
});

test('the same content makes no new version; changed content makes the next one, which names the one before', async () => {
  const env = testEnv();
  const author = newIdentity(env);
  const { serial: _serial, previous: _previous, createdMs: _created, ...rest } = fields;
  const content = { ...rest, files: [entryOf(env, 'a.txt', noise('a', 10)).entry] };
  const first = nextVersion(env, author, content, undefined);
  assert.deepEqual([first.changed, first.manifest.serial, first.manifest.previous], [true, 1, undefined]);
  await env.advance(1000);
  const same = nextVersion(env, author, content, first.manifest);
  assert.deepEqual([same.changed, same.manifest], [false, first.manifest]);
  const next = nextVersion(env, author, { ...content, title: 'Another' }, first.manifest);
  assert.deepEqual([next.changed, next.manifest.serial, next.manifest.previous], [true, 2, first.manifest.hash]);
});
