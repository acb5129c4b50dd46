import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { packFolder } from '../../node/folder-pack.ts';
import { chunkHash, type FileEntry } from '../../src/core/wire/manifest.ts';
import { author, temporary } from '../support/folders.ts';

test('10,000 files are one manifest', async (t) => {
  const folder = temporary(t);
  for (let d = 0; d < 100; d++) {
    mkdirSync(join(folder, `d${d}`));
    for (let f = 0; f < 100; f++) writeFileSync(join(folder, `d${d}`, `f${f}.txt`), `${d}/${f}`);
  }
  let done = 0;
  const pack = await packFolder(folder, { ...author(), onProgress: ({ filesDone }) => void (done = filesDone) });
  assert.equal(pack.manifest.files.length, 10_000);
  assert.equal(done, 10_000);
  assert.deepEqual(
    Buffer.from((await pack.content.chunk(pack.manifest.files[1234]?.hash as Uint8Array)) as Uint8Array).toString(),
    pack.manifest.files[1234]?.path.replace(/^d(\d+)\/f(\d+)\.txt$/, '$1/$2'),
  );
});

test('a long file takes the memory of its hashes, not of its bytes', async (t) => {
  const folder = temporary(t);
  writeFileSync(join(folder, 'index.html'), 'x');
  writeFileSync(join(folder, 'film.webm'), '');
  const sizeBytes = 256 * 1024 * 1024 + 5; // a hole in the file system: no disk is used, every byte is read
  truncateSync(join(folder, 'film.webm'), sizeBytes);
  appendFileSync(join(folder, 'film.webm'), 'end');
  let peakBytes = 0;
  const before = process.memoryUsage().rss;
  const pack = await packFolder(folder, {
    ...author(),
    onProgress: () => void (peakBytes = Math.max(peakBytes, process.memoryUsage().rss - before)),
  });
  const film = pack.manifest.files.find(({ path }) => path === 'film.webm') as FileEntry;
  assert.equal(film.sizeBytes, sizeBytes + 3);
  assert.ok(peakBytes < 100_000_000, `${peakBytes} bytes more`);
  const last = await pack.content.chunk(chunkHash(film, 4096));
  assert.equal(
    Buffer.from(last as Uint8Array)
      .subarray(-3)
      .toString(),
    'end',
  );
});
