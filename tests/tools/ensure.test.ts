import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../tools/paths.ts';

/** Stands where npm's own program would: takes a while, notes that it ran, and leaves what an install leaves. */
const NPM = `
const { appendFileSync, existsSync, mkdirSync, rmSync, writeFileSync } = require('node:fs');
appendFileSync('npm-ran', process.argv.slice(2).join(' ') + '\\n');
if (existsSync('registry-down')) process.exit(1);
rmSync('node_modules', { recursive: true, force: true });
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
mkdirSync('node_modules');
`;

/** A clone with nothing but the installer, a lock, and that npm. */
async function withClone(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gnet-clone-'));
  try {
    mkdirSync(join(folder, 'tools'));
    cpSync(join(root, 'tools', 'ensure.mjs'), join(folder, 'tools', 'ensure.mjs'));
    writeFileSync(join(folder, 'npm-cli.js'), NPM);
    writeLock(folder, '1.0.0');
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const packages = (version: string) => ({
  packages: { '': {}, 'node_modules/a': { version }, 'node_modules/b': { version: '1.0.0', optional: true } },
});

function writeLock(folder: string, version: string): void {
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(packages(version)));
}

/** One start, in a process of its own: its exit code. */
function start(folder: string): Promise<number | null> {
  const code = "import('./tools/ensure.mjs').then((m) => m.ensureInstalled()).catch((e) => { console.error(e.message); process.exit(1); })";
  const env = { ...process.env, npm_execpath: join(folder, 'npm-cli.js') };
  const child = spawn(process.execPath, ['-e', code], { cwd: folder, env, stdio: 'ignore' });
  return new Promise((resolve) => child.on('exit', resolve));
}

function installs(folder: string): string[] {
  const ran = join(folder, 'npm-ran');
  return existsSync(ran) ? readFileSync(ran, 'utf8').trim().split('\n') : [];
}

test('three cold starts at once install once, and later starts not at all', () =>
  withClone(async (folder) => {
    assert.deepEqual(await Promise.all([start(folder), start(folder), start(folder)]), [0, 0, 0]);
    assert.equal(await start(folder), 0);
    assert.deepEqual(installs(folder), ['ci --include=dev --no-audit --no-fund']);
    assert.deepEqual(readdirSync(join(folder, '.cache')), []);
  }));

test('another lock installs again, unless node_modules was brought there by hand', () =>
  withClone(async (folder) => {
    await start(folder);
    writeLock(folder, '2.0.0');
    await start(folder);
    assert.equal(installs(folder).length, 2);
    writeLock(folder, '3.0.0');
    writeFileSync(
      join(folder, 'node_modules', '.package-lock.json'),
      JSON.stringify({ packages: { 'node_modules/a': { version: '3.0.0' } } }),
    );
    await start(folder);
    assert.equal(installs(folder).length, 2);
  }));

test('a lock of a start that died is taken over', () =>
  withClone(async (folder) => {
    const dead = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' });
    await new Promise((resolve) => dead.on('exit', resolve));
    mkdirSync(join(folder, '.cache'));
    writeFileSync(join(folder, '.cache', 'install.lock'), String(dead.pid));
    assert.deepEqual(await Promise.all([start(folder), start(folder)]), [0, 0]);
    assert.equal(installs(folder).length, 1);
  }));

test('an install that fails twice fails the start, and the next start tries again', () =>
  withClone(async (folder) => {
    writeFileSync(join(folder, 'registry-down'), '');
    assert.equal(await start(folder), 1);
    assert.equal(installs(folder).length, 2);
    rmSync(join(folder, 'registry-down'));
    assert.equal(await start(folder), 0);
    assert.equal(installs(folder).length, 3);
  }));
