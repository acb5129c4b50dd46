import assert from 'node:assert/strict';
import test from 'node:test';
import { base32 } from '../../../src/core/bytes/base32.ts';
import { GlobalNetError } from '../../../src/core/bytes/errors.ts';
import { type SiteContent, SiteServer } from '../../../src/core/packs/site-server.ts';
import { CHUNK_BYTES, SITE_HASHES_MAX } from '../../../src/core/wire/geometry.ts';
import { MismatchError } from '../../../src/core/wire/mismatch.ts';
import { END, SITE } from '../../../src/core/wire/registry.ts';
import { encodeSiteMessage, SiteDecoder } from '../../../src/core/wire/site.ts';
import { testEnv } from '../../support/test-env.ts';
import { bench, page, siteBench } from './site-bench.ts';
import { collect, noise, siteOf, streamPair } from './support.ts';

test('one request brings the manifest, the page and the small files beside it', async () => {
  const { reader, pairs, server } = siteBench({ 'index.html': page, 'style.css': noise('css', 3000), 'big.bin': noise('big', 3_000_000) });
  const site = reader();
  const file = await site.open('');
  assert.deepEqual(await file.bytes(), page);
  assert.equal(file.entry.path, 'index.html');
  assert.equal(file.status, 200);
  await new Promise((resolve) => setImmediate(resolve));
  const sent = server.stats.sentChunks;
  assert.deepEqual(await (await site.open('style.css')).bytes(), noise('css', 3000));
  assert.equal(server.stats.sentChunks, sent, 'the style had been pushed');
  assert.equal(pairs.length, 1);
});

test('a long file comes whole, a part of it comes alone, and what came is kept', async () => {
  const film = noise('film', 5_000_000);
  const { reader, progress, server, store, site } = siteBench({ 'index.html': page, 'film.webm': film });
  const first = reader({ pushBytes: 0 });
  const file = await first.open('film.webm');
  assert.deepEqual(await collect(file.read(1_000_001, 70_000)), film.slice(1_000_001, 1_070_001));
  assert.deepEqual(await file.bytes(), film);
  assert.equal(progress.at(-1)?.receivedBytes, film.length);
  first.close();
  const before = server.stats.sentChunks;
  const again = await reader({ pushBytes: 0 }).open('film.webm');
  assert.deepEqual(await again.bytes(), film);
  assert.equal(server.stats.sentChunks, before, 'nothing was sent twice');
  assert.equal(progress.at(-1)?.fromStoreBytes, film.length);
  assert.equal((await store.missing(site.manifest)).length, 1, 'the front page was never asked for');
});

test('a path of a folder leads to its index, a missing one to 404.html, and without that to an error that names it', async () => {
  const bare = siteBench({ 'index.html': page, 'docs/index.html': page });
  const folder = await bare.reader().open('docs');
  assert.equal(folder.redirect, 'docs/');
  assert.equal(folder.entry.path, 'docs/index.html');
  await assert.rejects(bare.reader().open('nowhere'), { kind: 'unknown' });
  const withPage = siteBench({ 'index.html': page, '404.html': noise('lost', 10) });
  const lost = await withPage.reader().open('nowhere');
  assert.equal(lost.status, 404);
  assert.deepEqual(await lost.bytes(), noise('lost', 10));
  await assert.rejects(siteBench({}).reader().open(''), { kind: 'unknown' });
});

test('asked chunk by chunk, those behind are fetched meanwhile, and each comes in a buffer of its own', async () => {
  const film = noise('film', 40 * CHUNK_BYTES);
  const { reader, server } = siteBench({ 'index.html': page, 'film.webm': film });
  const site = reader({ pushBytes: 0 });
  await site.start();
  const file = await site.file('film.webm');
  const first = await file.chunk(3);
  assert.deepEqual(first, film.slice(3 * CHUNK_BYTES, 4 * CHUNK_BYTES));
  assert.equal(first.buffer.byteLength, CHUNK_BYTES);
  first.fill(0);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const sent = server.stats.sentChunks;
  assert.ok(sent > 20, `${sent} chunks`);
  for (let index = 3; index < 30; index++)
    assert.deepEqual(await file.chunk(index), film.slice(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES));
  await assert.rejects(file.chunk(40), RangeError);
  await assert.rejects(site.file('nothing'), { kind: 'unknown' });
});

test('an empty file is read as no bytes', async () => {
  const file = await siteBench({ 'empty.txt': new Uint8Array(0) })
    .reader()
    .open('empty.txt');
  assert.equal((await file.bytes()).length, 0);
});

test('a stream that dies costs the chunk on its way, not the file', async () => {
  const film = noise('film', 20 * CHUNK_BYTES);
  const { reader, pairs, server, warnings } = siteBench({ 'film.webm': film }, { limits: [5 * CHUNK_BYTES + 30_000, 6 * CHUNK_BYTES] });
  const file = await reader({ pushBytes: 0 }).open('film.webm');
  assert.deepEqual(await file.bytes(), film);
  assert.equal(pairs.length, 3);
  assert.ok(server.stats.sentChunks <= 20 + 2, `${server.stats.sentChunks} chunks were sent`);
  assert.ok(warnings.some((warning) => warning.kind === 'retry'));
});

test('when no stream brings anything, reading fails after a few with what the last one said', async () => {
  const env = testEnv();
  const site = siteOf(env, { 'index.html': page });
  let tries = 0;
  const openStream = async () => {
    tries++;
    throw new GlobalNetError('unreachable', 'no path');
  };
  const { reader, warnings } = bench(site.content, site.author.publicKey, { env });
  const failed = assert.rejects(reader({ openStream }).open(''), { kind: 'unreachable' });
  await env.runAll();
  await failed;
  assert.equal(tries, 3);
  assert.deepEqual(warnings, [], 'no stream broke off: there was none');
});

test('where a live service answers that serves no packs, it is said at once; a stored version is shown all the same', async () => {
  const { reader, env } = siteBench({ 'index.html': page });
  let asked = 0;
  const openStream = (): Promise<never> => {
    asked++;
    return Promise.reject(new GlobalNetError('unsupported', 'a live service answers'));
  };
  await assert.rejects(reader({ openStream }).open(''), { kind: 'unsupported' });
  assert.equal(asked, 1);
  await (await reader().open('')).bytes();
  const opened = reader({ openStream }).open('');
  await env.runAll();
  assert.deepEqual(await (await opened).bytes(), page);
});

test('a mirror that serves other bytes is named with path, chunk, wanted and got, and nothing more is read', async () => {
  const film = noise('film', 10 * CHUNK_BYTES);
  const env = testEnv();
  const site = siteOf(env, { 'film.webm': film });
  const wrong = env.crypto.sha256(film.slice(3 * CHUNK_BYTES, 4 * CHUNK_BYTES));
  const lying: SiteContent = {
    ...site.content,
    chunk: async (hash) => (base32(hash) === base32(wrong) ? noise('lie', CHUNK_BYTES) : site.content.chunk(hash)),
  };
  const { reader, pairs, chunks } = bench(lying, site.author.publicKey, { env });
  const open = reader({ pushBytes: 0 });
  const file = await open.open('film.webm');
  await assert.rejects(file.bytes(), (error: unknown) => {
    assert.ok(error instanceof MismatchError);
    assert.equal(error.kind, 'unverified');
    assert.deepEqual(error.detail, {
      part: 'chunk',
      path: 'film.webm',
      chunkIndex: 3,
      wanted: base32(wrong),
      got: base32(env.crypto.sha256(noise('lie', CHUNK_BYTES))),
    });
    return true;
  });
  assert.equal(pairs.length, 1, 'nobody else was asked silently');
  assert.ok(!(await chunks.has(env.crypto.sha256(noise('lie', CHUNK_BYTES)))));
  await assert.rejects(collect(file.read(9 * CHUNK_BYTES, 10)), { kind: 'unverified' });
});

test('a full disk is told once, and reading goes on without keeping', async () => {
  const film = noise('film', 20 * CHUNK_BYTES);
  const { reader, warnings, chunks } = siteBench({ 'film.webm': film }, { room: 5 * CHUNK_BYTES });
  assert.deepEqual(await (await reader().open('film.webm')).bytes(), film);
  assert.deepEqual(
    warnings.filter((warning) => warning.kind === 'full'),
    [{ kind: 'full' }],
  );
  assert.equal(await chunks.usedBytes(), 5 * CHUNK_BYTES);
});

test('what the server no longer has is an error that names the file and the chunk', async () => {
  const env = testEnv();
  const site = siteOf(env, { 'film.webm': noise('film', 3 * CHUNK_BYTES) });
  site.chunks.clear();
  const { reader } = bench(site.content, site.author.publicKey, { env });
  await assert.rejects(
    (await reader().open('film.webm')).bytes(),
    (error: unknown) => error instanceof GlobalNetError && error.kind === 'unserved' && error.message.includes('chunk 0'),
  );
});

test('reading that is stopped takes back what it asked for ahead', async () => {
  const { reader, server, env } = siteBench({ 'film.webm': noise('film', 400 * CHUNK_BYTES), 'index.html': page });
  const site = reader({ pushBytes: 0 });
  await (await site.open('')).bytes();
  const stop = new AbortController();
  const reading = (await site.open('film.webm')).read(0, undefined, stop.signal);
  await reading.next();
  stop.abort();
  await assert.rejects(reading.next(), { kind: 'cancelled' });
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(server.stats.sentChunks < 100);
  for await (const bytes of (await site.open('film.webm')).read()) {
    assert.equal(bytes.length, CHUNK_BYTES);
    break;
  }
  assert.equal(env.logged.length, 0);
});

test('many files at once share one stream and all come whole', async () => {
  const files = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}.bin`, noise(`f${i}`, 30_000 + 10_000 * i)]));
  const { reader, pairs } = siteBench({ ...files, 'index.html': page });
  const site = reader();
  const read = await Promise.all(Object.keys(files).map(async (path) => (await site.open(path)).bytes()));
  assert.deepEqual(read, Object.values(files));
  assert.equal(pairs.length, 1);
});

test('a site that is closed ends its streams, and what waits is told', async () => {
  const { reader, pairs, server } = siteBench({ 'film.webm': noise('film', 100 * CHUNK_BYTES) });
  const site = reader();
  const file = await site.open('film.webm');
  const reading = file.chunks();
  await reading.next();
  site.close();
  await assert.rejects(collect(reading), { kind: 'closed' });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(pairs[0]?.resets, [END.cancelled]);
  assert.equal(server.stats.openStreams, 0);
});

test('the server resets a stream of nonsense and one that asks for too much, and goes on', async () => {
  const env = testEnv();
  const site = siteOf(env, { 'index.html': page });
  const server = new SiteServer(env, site.content);
  for (const request of [
    new Uint8Array(0),
    noise('junk', 100),
    encodeSiteMessage({ type: SITE.end }),
    encodeSiteMessage({ type: SITE.chunk, hash: noise('h', 32), bytes: page }),
  ]) {
    const pair = streamPair(request);
    await server.serve(pair.acceptor);
    assert.deepEqual(pair.resets, [END.malformed]);
  }
  const greedy = streamPair(encodeSiteMessage({ type: SITE.chunks, priority: 0, hashes: [noise('h', 32)] }), { windowBytes: 0 });
  const served = server.serve(greedy.acceptor);
  for (let i = 0; i < 20; i++) {
    const hashes = Array.from({ length: SITE_HASHES_MAX }, (_, j) => noise(`${i}/${j}`, 32));
    await greedy.opener.write(encodeSiteMessage({ type: SITE.chunks, priority: 0, hashes })).catch(() => undefined);
  }
  await served;
  assert.deepEqual(greedy.resets, [END.full]);
  assert.equal(server.stats.openStreams, 0);
});

test('a chunk that belongs to no file of the manifest is not given', async () => {
  const env = testEnv();
  const site = siteOf(env, { 'index.html': page });
  const server = new SiteServer(env, site.content);
  const pair = streamPair(encodeSiteMessage({ type: SITE.chunks, priority: 0, hashes: [noise('h', 32), env.crypto.sha256(page)] }));
  void server.serve(pair.acceptor);
  pair.opener.end();
  const decoder = new SiteDecoder();
  const answers = [
    ...decoder.push(
      await collect({
        async *[Symbol.asyncIterator]() {
          for (let b = await pair.opener.read(); b; b = await pair.opener.read()) yield b;
        },
      }),
    ),
  ];
  assert.deepEqual(
    answers.map((answer) => answer.type),
    [SITE.missing, SITE.chunk],
  );
});

test('a stream on which nothing happens is ended', async () => {
  const { reader, pairs, env, warnings } = siteBench({ 'index.html': page });
  const site = reader();
  await (await site.open('')).bytes();
  await env.advance(400_000);
  assert.deepEqual(pairs[0]?.resets[0], END.timeout);
  assert.deepEqual(warnings, []);
});
