/** Which version of a site is read: the newest that its author signed, and none below one that was seen. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { nobleCrypto } from '../../../src/core/crypto/noble.ts';
import { GlobalNetError } from '../../../src/core/bytes/errors.ts';
import { datedPublicKey, datedSigner } from '../../../src/core/wire/dated-key.ts';
import { CHUNK_BYTES, HASH_BYTES } from '../../../src/core/wire/geometry.ts';
import { encodeHead } from '../../../src/core/wire/head.ts';
import { MismatchError } from '../../../src/core/wire/mismatch.ts';
import { testEnv } from '../../support/test-env.ts';
import { bench, page, siteBench } from './site-bench.ts';
import { mismatch, noise, siteOf } from './support.ts';

test('when nobody can be asked, the stored version is shown and said to be old', async () => {
  const { reader, warnings, env } = siteBench({ 'index.html': page });
  await (await reader().open('')).bytes();
  const away = reader({ openStream: () => Promise.reject(new GlobalNetError('unserved', 'nobody serves it')) });
  const opened = away.open('');
  await env.runAll();
  assert.deepEqual(await (await opened).bytes(), page);
  assert.ok(warnings.some((warning) => warning.kind === 'stale'));
});

test('a manifest by another author is refused', async () => {
  const env = testEnv();
  const theirs = siteOf(env, { 'index.html': page });
  const ours = siteOf(env, { 'index.html': page });
  const { reader } = bench(theirs.content, ours.author.publicKey, { env });
  await assert.rejects(reader().open(''), mismatch('author'));
});

test('a lower serial than one seen is refused and named', async () => {
  const env = testEnv();
  const first = siteOf(env, { 'index.html': page }, { serial: 1 });
  const second = siteOf(env, { 'index.html': noise('new', 100) }, { serial: 2, previous: first.manifest.hash }, first.author);
  const { reader, server } = bench(second.content, first.author.publicKey, { env });
  await (await reader().open('')).bytes();
  server.publish(first.content);
  await assert.rejects(reader().open(''), (error: unknown) => {
    assert.ok(error instanceof MismatchError);
    assert.deepEqual(error.detail, { part: 'rollback', wanted: '2', got: '1' });
    return true;
  });
});

test('two manifests with one serial: the first is shown, and the conflict is told', async () => {
  const env = testEnv();
  const first = siteOf(env, { 'index.html': page });
  const rival = siteOf(env, { 'index.html': noise('rival', 100) }, {}, first.author);
  const { reader, server, warnings, store } = bench(first.content, first.author.publicKey, { env });
  await (await reader().open('')).bytes();
  server.publish(rival.content);
  assert.deepEqual(await (await reader().open('')).bytes(), page);
  assert.ok(warnings.some((warning) => warning.kind === 'conflict'));
  assert.deepEqual(await store.conflict(first.author.publicKey, 'site'), [first.manifest.hash, rival.manifest.hash]);
});

test('an update moves only what changed', async () => {
  const env = testEnv();
  const big = noise('big', 30 * CHUNK_BYTES);
  const first = siteOf(env, { 'index.html': page, 'big.bin': big });
  const changed = big.slice();
  changed[7 * CHUNK_BYTES] = (changed[7 * CHUNK_BYTES] as number) ^ 1;
  const second = siteOf(env, { 'index.html': page, 'big.bin': changed }, { serial: 2, previous: first.manifest.hash }, first.author);
  const { reader, server, chunks } = bench(first.content, first.author.publicKey, { env });
  const before = reader();
  await before.prefetch();
  before.close();
  server.publish({ ...second.content, earlier: async () => first.manifest });
  const sent = server.stats.sentChunks;
  const after = reader();
  assert.deepEqual(await (await after.open('big.bin')).bytes(), changed);
  await after.prefetch();
  assert.equal(server.stats.sentChunks - sent, 1);
  assert.equal(chunks.puts, 32);
});

test('a stored version is shown at once, and a newer one is told for the next visit', async () => {
  const env = testEnv();
  const first = siteOf(env, { 'index.html': page });
  const second = siteOf(env, { 'index.html': noise('new', 100) }, { serial: 2, previous: first.manifest.hash }, first.author);
  const { reader, server, warnings } = bench(first.content, first.author.publicKey, { env });
  await (await reader().open('')).bytes();
  server.publish(second.content);
  assert.deepEqual(await (await reader({ prefer: 'stored' }).open('')).bytes(), page);
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(warnings.some((warning) => warning.kind === 'newer' && warning.serial === 2));
  assert.deepEqual(await (await reader({ prefer: 'stored' }).open('')).bytes(), noise('new', 100));
});

test('a page opened later asks for a newer version behind itself, and the next one shows it; what is being read goes on', async () => {
  const env = testEnv();
  const big = noise('big', 40 * CHUNK_BYTES);
  const first = siteOf(env, { 'index.html': page, 'big.bin': big });
  const second = siteOf(env, { 'index.html': noise('new', 100), 'other.css': noise('css', 900) }, { serial: 2 }, first.author);
  const { reader, server, warnings, pairs } = bench(first.content, first.author.publicKey, { env });
  const site = reader({ pushBytes: 0 });
  assert.equal((await site.newest()).serial, 1);
  const film = (await site.open('big.bin')).chunks();
  const begun = await film.next();
  assert.equal((await site.newest()).serial, 1);
  server.publish(second.content);
  await env.advance(60_000);
  assert.equal((await site.newest()).serial, 1); // nobody waits for the answer
  for (let i = 0; i < 50 && warnings.length === 0; i++) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(
    warnings.map(({ kind }) => kind),
    ['newer'],
  );
  assert.equal((await site.newest()).serial, 2);
  assert.deepEqual(await (await site.open('')).bytes(), noise('new', 100));
  const parts = [begun.value as Uint8Array];
  for await (const part of film) parts.push(part);
  assert.equal(
    parts.reduce((sum, part) => sum + part.length, 0),
    big.length,
  );
  assert.ok(pairs.length <= 2, `${pairs.length} streams`);
  site.close();
});

test('a head that names a newer version than is served is told', async () => {
  const env = testEnv();
  const site = siteOf(env, { 'index.html': page });
  const period = Math.floor(env.now() / 86_400_000);
  const signer = datedSigner(site.author, period);
  const key = datedPublicKey(nobleCrypto, site.author.publicKey, period);
  const head = encodeHead({ key, period, serial: 5, manifestHash: noise('manifest', HASH_BYTES) }, (message) => signer.sign(message));
  const { reader, warnings } = bench({ ...site.content, head }, site.author.publicKey, { env });
  await (await reader().open('')).bytes();
  assert.deepEqual(warnings, [{ kind: 'behind', serial: 1, headSerial: 5 }]);
  const told = siteBench({ 'index.html': page }, { env }).reader();
  await told.open('');
  for (const length of [0, 35, 139, 141]) assert.throws(() => told.noteHead(new Uint8Array(length)), { kind: 'malformed' });
  const forged = head.slice();
  forged[40] = (forged[40] as number) ^ 1;
  const liar = bench({ ...site.content, head: forged }, site.author.publicKey, { env });
  await assert.rejects(liar.reader().open(''), mismatch('signature'));
});
