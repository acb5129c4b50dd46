import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test from 'node:test';
import { openFileStore } from '../../node/file-store.ts';
import { packFolder, titleIn } from '../../node/folder-pack.ts';
import { scanFolder } from '../../node/folder.ts';
import { mediaTypeOf } from '../../node/media-type.ts';
import { MemoryRecords } from '../../src/adapters/memory-store.ts';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { distinctChunks } from '../../src/core/packs/chunk-place.ts';
import { PackStore } from '../../src/core/packs/pack-store.ts';
import { SiteReader } from '../../src/core/packs/site-reader.ts';
import { SiteServer } from '../../src/core/packs/site-server.ts';
import { CHUNK_BYTES } from '../../src/core/wire/geometry.ts';
import { chunkHash, type FileEntry } from '../../src/core/wire/manifest.ts';
import { MemoryChunks, noise, streamPair } from '../core/packs/support.ts';
import { author, temporary } from '../support/folders.ts';
import { testEnv } from '../support/test-env.ts';

function write(folder: string, files: Record<string, string | Uint8Array>): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

async function refused(folder: string, words: RegExp, kind = 'malformed'): Promise<void> {
  await assert.rejects(
    scanFolder(folder),
    (error: unknown) => error instanceof GlobalNetError && error.kind === kind && words.test(error.message),
  );
}

test('a folder becomes a site whose every file is read back through a server', async (t) => {
  const files = {
    'index.html': '<title>Hello &amp; welcome</title>',
    'a folder/with spaces & ünïcode 日本.txt': 'text',
    'dots..in..name.tar.gz': noise('gz', 5),
    '100%.txt': 'x',
    'empty.css': '',
    'exact.bin': noise('exact', CHUNK_BYTES),
    'long.bin': noise('long', 3 * CHUNK_BYTES + 1),
  };
  const { env, ...rest } = author();
  const pack = await packFolder(write(temporary(t), files), { env, ...rest });
  assert.equal(pack.manifest.title, 'Hello & welcome');
  assert.deepEqual(pack.notes, []);
  const server = new SiteServer(env, pack.content);
  const store = new PackStore({ env, records: new MemoryRecords(), chunks: new MemoryChunks() });
  const openStream = async (request: Uint8Array) => {
    const pair = streamPair(request);
    void server.serve(pair.acceptor);
    return pair.opener;
  };
  const reader = new SiteReader({ env, store, author: pack.author.publicKey, openStream });
  for (const [path, content] of Object.entries(files)) {
    const read = await (await reader.open(path)).bytes();
    assert.deepEqual(Buffer.from(read), Buffer.from(content as string), path);
  }
  reader.close();
});

test('the same folder has the same address next time; the same content makes no version; a change makes the next', async (t) => {
  const folder = write(temporary(t), { 'index.html': 'one' });
  const data = temporary(t);
  const publish = async () => {
    const files = await openFileStore(data);
    const env = testEnv({ seed: String(process.hrtime.bigint()) });
    const store = new PackStore({ env, ...files });
    const pack = await packFolder(folder, { env, records: files.records, store });
    await files.close();
    return pack;
  };
  const first = await publish();
  const same = await publish();
  assert.deepEqual([same.changed, same.manifest.bytes], [false, first.manifest.bytes]);
  writeFileSync(join(folder, 'index.html'), 'two');
  const next = await publish();
  assert.deepEqual(next.author.publicKey, first.author.publicKey);
  assert.deepEqual([next.changed, next.manifest.serial, next.manifest.previous], [true, 2, first.manifest.hash]);
  symlinkSync(folder, `${folder}-link`);
  t.after(() => rmSync(`${folder}-link`));
  assert.deepEqual((await packFolder(`${folder}-link/`, { ...author(), ...(await reopened(data, t)) })).manifest.hash, next.manifest.hash);
});

async function reopened(data: string, t: test.TestContext) {
  const files = await openFileStore(data);
  t.after(() => files.close());
  const env = testEnv();
  return { env, records: files.records, store: new PackStore({ env, ...files }) };
}

test('links within the folder are followed; those that leave it, lead nowhere or go in circles are refused and named', async (t) => {
  const folder = write(temporary(t), { 'index.html': 'x', 'sub/a.txt': 'a' });
  const outside = write(temporary(t), { 'secret.txt': 's' });
  symlinkSync('sub', join(folder, 'alias'));
  symlinkSync('sub/a.txt', join(folder, 'b.txt'));
  assert.deepEqual(
    (await scanFolder(folder)).files.map(({ path }) => path),
    ['alias/a.txt', 'b.txt', 'index.html', 'sub/a.txt'],
  );
  const cases: [string, RegExp][] = [
    [join(outside, 'secret.txt'), /'leak' is a link that leads out of the folder/],
    [outside, /leads out/],
    ['/etc', /leads out/],
    ['nothing', /'leak' is a link to what is not there/],
    ['leak', /or to itself/],
    ['.', /a folder that it is in itself/],
  ];
  for (const [target, words] of cases) {
    symlinkSync(target, join(folder, 'leak'));
    await refused(folder, words);
    rmSync(join(folder, 'leak'));
  }
  // A neighbour whose path begins alike is outside all the same.
  writeFileSync(`${folder}-beside`, 'x');
  t.after(() => rmSync(`${folder}-beside`));
  symlinkSync(`${folder}-beside`, join(folder, 'leak'));
  await refused(folder, /leads out/);
});

test('pipes, sockets, bad names, unreadable files and empty folders are refused with a reason', async (t) => {
  await refused(temporary(t), /there is no file in it/);
  await refused(join(temporary(t), 'no such'), /there is no folder/);
  await refused(join(write(temporary(t), { a: 'x' }), 'a'), /is a file/);
  const odd = write(temporary(t), { 'index.html': 'x', 'back\\slash': 'x', 'line\nbreak': 'x' });
  execFileSync('mkfifo', [join(odd, 'pipe')]);
  const server = createServer().listen(join(odd, 'sock'));
  await new Promise((resolve) => server.once('listening', resolve));
  await assert.rejects(scanFolder(odd), (error: Error) => {
    for (const words of ["'pipe' is a named pipe", "'sock' is a socket", "holds a '\\'", 'control character'])
      assert.ok(error.message.includes(words), words);
    return true;
  });
  server.close();
  const twins = write(temporary(t), { '\u00fc.txt': 'x', 'u\u0308.txt': 'y' });
  await refused(twins, /two spellings/);
  const latin = temporary(t);
  writeFileSync(Buffer.concat([Buffer.from(`${latin}/`), Buffer.from([0xe9])]), 'x');
  await refused(latin, /not UTF-8/);
});

test('a file that its owner may not read is refused', { skip: process.getuid?.() === 0 ? 'the superuser reads all' : false }, async (t) => {
  const folder = write(temporary(t), { 'index.html': 'x', 'locked.txt': 'x' });
  chmodSync(join(folder, 'locked.txt'), 0);
  await refused(folder, /'locked\.txt' cannot be read/);
});

test('names that begin with a dot are left out and noted, .well-known is not; a missing index and twins in capitals are noted', async (t) => {
  const folder = write(temporary(t), {
    '.env': 'SECRET',
    '.git/config': 'x',
    '.well-known/a.txt': 'x',
    'Page.html': 'x',
    'page.html': 'y',
  });
  const { files, notes } = await scanFolder(folder);
  assert.deepEqual(
    files.map(({ path }) => path),
    ['.well-known/a.txt', 'Page.html', 'page.html'],
  );
  assert.equal(notes.length, 4);
  assert.ok(notes.some((note) => note.includes('no index.html')));
  symlinkSync('.env', join(folder, 'env.txt'));
  await refused(folder, /'env\.txt' is a link to '\.env'/);
});

test('the folder where keys lie is never published', async (t) => {
  const folder = write(temporary(t), { 'index.html': 'x', 'data/records/key': 'x' });
  await assert.rejects(scanFolder(folder, { barred: [join(folder, 'data')] }), /keeps its keys/);
});

test('a file that changes after it was published is missing, never wrong, and told once', async (t) => {
  const folder = write(temporary(t), { 'index.html': 'x', 'long.bin': noise('long', 3 * CHUNK_BYTES) });
  const changes: string[] = [];
  const pack = await packFolder(folder, { ...author(), onChanged: (path) => void changes.push(path) });
  const long = pack.manifest.files.find(({ path }) => path === 'long.bin') as FileEntry;
  writeFileSync(join(folder, 'long.bin'), noise('other', 3 * CHUNK_BYTES));
  assert.equal(await pack.content.chunk(chunkHash(long, 0)), undefined);
  assert.equal(await pack.content.chunk(chunkHash(long, 2)), undefined);
  rmSync(join(folder, 'index.html'));
  for (const { hash } of distinctChunks(pack.manifest.files)) assert.equal(await pack.content.chunk(hash), undefined);
  assert.deepEqual(changes, ['long.bin', 'index.html']);
});

test('hashing is stopped when it is no longer wanted', async (t) => {
  const folder = write(temporary(t), { 'index.html': 'x', 'film.webm': '' });
  truncateSync(join(folder, 'film.webm'), 2 ** 31);
  const stop = new AbortController();
  await assert.rejects(packFolder(folder, { ...author(), signal: stop.signal, onProgress: () => stop.abort() }), { kind: 'cancelled' });
});

test('media types follow the name; text is said to be UTF-8 only where it is', () => {
  const utf8 = Buffer.from('ü');
  const types = ['a.html', 'a.HTML', 'a.js', 'a.mjs', 'a.svg', 'a.json', 'a.png', 'a.wav', 'a.webm', 'a.woff2', 'a', 'a.unknownthing'];
  assert.deepEqual(
    types.map((path) => mediaTypeOf(path, utf8)),
    [
      'text/html; charset=utf-8',
      'text/html; charset=utf-8',
      'text/javascript; charset=utf-8',
      'text/javascript; charset=utf-8',
      'image/svg+xml; charset=utf-8',
      'application/json; charset=utf-8',
      'image/png',
      'audio/wav',
      'video/webm',
      'font/woff2',
      'application/octet-stream',
      'application/octet-stream',
    ],
  );
  assert.equal(mediaTypeOf('a.html', Uint8Array.of(0xfc, 0x20)), 'text/html');
  assert.equal(mediaTypeOf('a.html', utf8.subarray(0, 1)), 'text/html; charset=utf-8');
});

test('a title is the front page’s own, in plain letters, of bounded length', () => {
  const html = (title: string) => Buffer.from(`<!doctype html><TITLE lang="en">\n ${title}\n</TITLE>`);
  assert.equal(titleIn(html('A &lt;b&gt;\u202e')), 'A <b>');
  assert.equal(titleIn(Buffer.from('no title')), '');
  assert.ok(Buffer.byteLength(titleIn(html('ü'.repeat(600)))) <= 512);
});
