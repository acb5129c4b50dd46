import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { openFileStore } from '../../node/file-store.ts';
import { storeCases } from '../support/store-suite.ts';

function temporary(t: test.TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'gnet-store-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A process of its own that runs `script`, with `openFileStore` and `folder` in scope; resolves when it has printed a line. */
async function other(t: test.TestContext, folder: string, script: string) {
  const module = new URL('../../node/file-store.ts', import.meta.url).href;
  const code = `const { openFileStore } = await import(${JSON.stringify(module)}); const folder = ${JSON.stringify(folder)}; ${script}`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

for (const { name, run } of storeCases) {
  test(`files: ${name}`, async (t) => {
    const store = await openFileStore(temporary(t));
    await run(store, assert);
    await store.close();
  });
}

test('files: what was set is there after a restart, and the count of bytes too', async (t) => {
  const folder = temporary(t);
  const first = await openFileStore(folder);
  await first.records.set('site/key/x', Uint8Array.of(1));
  await first.chunks.put(new Uint8Array(32).fill(1), new Uint8Array(1234));
  await first.close();
  const second = await openFileStore(folder);
  assert.deepEqual(await second.records.get('site/key/x'), Uint8Array.of(1));
  assert.equal(await second.chunks.usedBytes(), 1234);
  await second.close();
});

test('files: keys are for their owner only, also in a folder that was open to all', async (t) => {
  const folder = join(temporary(t), 'data');
  const store = await openFileStore(folder);
  chmodSync(folder, 0o755);
  await store.records.set('site/key/x', Uint8Array.of(1));
  await store.close();
  const again = await openFileStore(folder);
  const mode = (path: string) => statSync(path).mode & 0o777;
  assert.deepEqual([mode(folder), mode(join(folder, 'records')), mode(join(folder, 'records', 'site.key.x'))], [0o700, 0o700, 0o600]);
  await again.close();
});

test('files: a second process is told who has the folder; when that one is killed, its lock does not count', async (t) => {
  const folder = temporary(t);
  const child = await other(t, folder, `await openFileStore(folder); console.log('open'); setInterval(() => {}, 1000);`);
  await assert.rejects(
    openFileStore(folder),
    (error: Error & { kind?: string }) => error.kind === 'busy' && error.message.includes(String(child.pid)),
  );
  child.kill('SIGKILL');
  await once(child, 'exit');
  const store = await openFileStore(folder);
  await assert.rejects(openFileStore(folder), { kind: 'busy' });
  await store.close();
  assert.deepEqual(readdirSync(folder).sort(), ['chunks', 'records']);
});

test('files: of many that find a dead lock, one gets the folder', async (t) => {
  const folder = temporary(t);
  for (const dead of ['4194300 1\n', '']) {
    writeFileSync(join(folder, 'lock'), dead);
    const all = await Promise.allSettled(Array.from({ length: 8 }, () => openFileStore(folder)));
    const open = all.filter((result) => result.status === 'fulfilled');
    assert.equal(open.length, 1);
    await open[0]?.value.close();
  }
});

test('files: a process killed while it writes leaves each record whole, old or new', async (t) => {
  const folder = temporary(t);
  const script = `const store = await openFileStore(folder);
    for (let i = 0; ; i++) {
      await Promise.all([0, 1, 2, 3].map((k) => store.records.set('r/' + k, new Uint8Array(200000).fill(i % 256))));
      await store.chunks.put(new Uint8Array(32).fill(i), new Uint8Array(65536).fill(i));
      if (i === 1) console.log('writing');
    }`;
  for (let round = 0; round < 3; round++) {
    const child = await other(t, folder, script);
    await new Promise((resolve) => setTimeout(resolve, 30 + 40 * round));
    child.kill('SIGKILL');
    await once(child, 'exit');
    const store = await openFileStore(folder);
    assert.deepEqual(await store.records.keys('r/'), ['r/0', 'r/1', 'r/2', 'r/3']);
    for (const key of await store.records.keys('r/')) {
      const value = (await store.records.get(key)) as Uint8Array;
      assert.equal(value.length, 200_000);
      assert.ok(value.every((byte) => byte === value[0]));
    }
    assert.ok(
      readdirSync(join(folder, 'records')).every((name) => name.startsWith('r.')),
      'nothing unfinished is left',
    );
    assert.ok(readdirSync(join(folder, 'chunks')).every((name) => !name.startsWith('~')));
    await store.close();
  }
});

test('files: a disk without room is said to be full, and what was there stays', async (t) => {
  const { writeWhole } = await import('../../node/write-file.ts');
  const folder = temporary(t);
  try {
    statSync('/dev/full');
  } catch {
    return t.skip('this system has no /dev/full');
  }
  const { storeError } = await import('../../node/write-file.ts');
  const path = join(folder, 'r');
  await writeWhole(path, Uint8Array.of(1), { durable: true });
  let error: unknown;
  try {
    writeFileSync('/dev/full', 'x');
  } catch (cause) {
    error = storeError(cause, path);
  }
  assert.equal((error as { kind?: string }).kind, 'full');
  assert.equal(statSync(path).size, 1);
});
