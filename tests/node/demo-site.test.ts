import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { packFolder } from '../../node/folder-pack.ts';
import { PackStore } from '../../src/core/packs/pack-store.ts';
import { MemoryChunks, MemoryRecords } from '../../src/adapters/memory-store.ts';
import { testEnv } from '../support/test-env.ts';

const folder = fileURLToPath(new URL('../../node/demo-site/', import.meta.url));

async function pack() {
  const env = testEnv();
  const records = new MemoryRecords();
  return packFolder(folder, { env, records, store: new PackStore({ env, records, chunks: new MemoryChunks() }) });
}

test('the demo site can be published as it is: about a megabyte in about twenty files, nothing to be told', async () => {
  const { manifest, notes } = await pack();
  assert.deepEqual(notes, []);
  assert.equal(manifest.title, 'Welcome to GlobalNet');
  assert.ok(manifest.files.length >= 18 && manifest.files.length <= 24, `${manifest.files.length} files`);
  const sizeBytes = manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0);
  assert.ok(sizeBytes > 900_000 && sizeBytes < 1_200_000, `${sizeBytes} bytes`);
  assert.ok(manifest.bytes.length < 4096, `a manifest of ${manifest.bytes.length} bytes rides with the first page`);
});

test('the demo site asks for nothing outside itself, and every link in it leads somewhere', async () => {
  const { manifest } = await pack();
  for (const { path } of manifest.files.filter(({ path }) => /\.(html|css|svg)$/.test(path))) {
    const text = readFileSync(join(folder, path), 'utf8').replaceAll('http://www.w3.org/2000/svg', '');
    assert.doesNotMatch(text, /https?:|<script|\bon\w+=|@import|url\((?!#)/, path);
    for (const [, link] of text.matchAll(/(?:href|src)="([^"#]+)"/g)) {
      const target = link?.startsWith('/') ? join(folder, link) : join(folder, dirname(path), link as string);
      assert.ok(existsSync(target), `${path} → ${link}`);
    }
  }
});
