/** Keys: who may read them, and what is left when the process that makes one is killed in the middle. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { nobleCrypto } from '../../src/core/crypto/noble.ts';
import { openDataFolder } from '../../node/data-folder.ts';
import { openFileStore } from '../../node/file-store.ts';
import { keptIdentity } from '../../node/kept-identity.ts';
import { nodeEnv } from '../../node/node-env.ts';

const KEY = 'service/key';
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Makes the key in `folder`, as a first start does, and is killed at its `at`-th write, sync or rename of a file: before or after it. */
const MAKES_A_KEY = `
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
const [folder, at, when] = process.argv.slice(-3);
const die = () => process.kill(process.pid, 'SIGKILL');
let left = Infinity;
const deadly = (done) => async function (...args) {
  const last = --left === 0;
  if (last && when === 'before') die();
  if (last && when === 'half') { await done.call(this, args[0].subarray(0, 16)); die(); }
  const answer = await done.apply(this, args);
  if (last) die();
  return answer;
};
const handle = Object.getPrototypeOf(await fs.open(process.execPath).then((file) => file.close().then(() => file)));
handle.writeFile = deadly(handle.writeFile);
handle.sync = deadly(handle.sync);
fs.rename = deadly(fs.rename);
syncBuiltinESMExports();
const { openFileStore } = await import('./node/file-store.ts');
const { keptIdentity } = await import('./node/kept-identity.ts');
const { nodeEnv } = await import('./node/node-env.ts');
const store = await openFileStore(folder);
left = Number(at);
await keptIdentity(nodeEnv(), store.records, '${KEY}');
console.log('made');
`;

function makesAKey(folder: string, at: number, when: string): Promise<{ signal: string | null; said: string }> {
  const args = ['--import', 'tsx', '--input-type=module', '-e', MAKES_A_KEY, '--', folder, String(at), when];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (text) => (said += text));
  return new Promise((resolve) => child.on('close', (_, signal) => resolve({ signal, said })));
}

describe('keys', { concurrency: 2 }, () => {
  let base: string;
  before(() => {
    base = mkdtempSync(join(tmpdir(), 'gnet-keys-'));
  });
  after(() => rmSync(base, { recursive: true, force: true }));

  it('and the folders they lie in are for their owner only', async () => {
    const data = join(base, 'data');
    openDataFolder(data);
    const store = await openFileStore(join(data, 'peers', 'one'));
    await keptIdentity(nodeEnv(), store.records, KEY);
    for (const path of ['', 'run', 'peers', 'peers/one', 'peers/one/records', 'peers/one/chunks'])
      assert.equal(statSync(join(data, path)).mode & 0o777, 0o700, path);
    for (const path of ['peers/one/records/service.key', 'peers/one/lock'])
      assert.equal(statSync(join(data, path)).mode & 0o777, 0o600, path);
    await store.close();
  });

  it('that are damaged are not replaced: a new one would be another address', async () => {
    const store = await openFileStore(join(base, 'damaged'));
    const path = join(base, 'damaged', 'records', 'service.key');
    writeFileSync(path, 'short');
    await assert.rejects(keptIdentity(nodeEnv(), store.records, KEY), {
      kind: 'internal',
      message: /damaged: 'service\/key' has 5 bytes instead of 32/,
    });
    assert.equal(readFileSync(path, 'utf8'), 'short');
    await store.close();
  });

  // Written, brought to the disk, renamed, and the folder brought to the disk.
  for (const [what, at, when, isThere] of [
    ['before it writes', 1, 'before', false],
    ['in the middle of the key', 1, 'half', false],
    ['when what it wrote is on the disk', 2, 'after', false],
    ['when the key has its name', 3, 'after', true],
    ['when its name is on the disk', 4, 'after', true],
  ] as const) {
    it(`are whole or not there, and the next start has one, when the first is killed ${what}`, async () => {
      const folder = join(base, `killed-${at}-${when}`);
      assert.deepEqual(await makesAKey(folder, at, when), { signal: 'SIGKILL', said: '' });
      const names = readdirSync(join(folder, 'records'));
      assert.equal(names.includes('service.key'), isThere);
      assert.equal(names.length, 1, 'it, or what has not become it');
      const left = isThere ? readFileSync(join(folder, 'records', 'service.key')) : undefined;
      const store = await openFileStore(folder); // the dead process's lock does not count
      const { publicKey } = await keptIdentity(nodeEnv(), store.records, KEY);
      const kept = await store.records.get(KEY);
      assert.equal(kept?.length, 32);
      if (left !== undefined) assert.deepEqual(nobleCrypto.ed25519Public(new Uint8Array(left)), publicKey);
      assert.deepEqual(readdirSync(join(folder, 'records')), ['service.key']);
      await store.close();
    });
  }
});
