// What has to be there before anything of ours can run. Builtins only: this runs in a fresh clone, before the first install.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const installStamp = join(root, 'node_modules', '.gnet-installed');
const buildStamp = join(root, 'dist', '.gnet-built');

/** All that a build reads. */
const SOURCES = ['src', 'node', 'workers', 'sw', 'public', 'index.html', 'package-lock.json', 'tsconfig.base.json'];

/** Installs what package-lock.json names, unless this very lock was installed on this platform already. */
export async function ensureInstalled() {
  const wanted = installKey();
  if (readText(installStamp) === wanted) return;
  await withLock('install', () => {
    if (readText(installStamp) === wanted) return;
    if (readText(installStamp) === undefined || !installedAsLocked()) installNow();
    writeFileSync(installStamp, wanted);
  });
}

/** Builds the app and the headless peer into dist/, unless these very sources were built already. */
export async function ensureBuilt() {
  if (readText(buildStamp) === sourcesHash()) return;
  await withLock('build', () => {
    const wanted = sourcesHash();
    if (readText(buildStamp) === wanted) return;
    console.error('gnet: building (sources changed since the last build)');
    const { status } = spawnSync(process.execPath, ['--import', 'tsx', 'tools/build.ts'], { cwd: root, stdio: ['ignore', 2, 2] });
    if (status !== 0) throw new Error('the build failed, see above');
    writeFileSync(buildStamp, wanted);
  });
}

function installKey() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  return `${lock} ${process.platform}-${process.arch} abi ${process.versions.modules}\n`;
}

/**
 * Whether an install by hand has brought node_modules to what the lock says: same platform, and each package at its version.
 * Saves the full reinstall after `npm install <package>`.
 */
function installedAsLocked() {
  if (readText(installStamp)?.slice(64) !== installKey().slice(64)) return false;
  const hidden = readText(join(root, 'node_modules', '.package-lock.json'));
  if (hidden === undefined) return false;
  const installed = JSON.parse(hidden).packages;
  const locked = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const paths = Object.keys(locked).filter((path) => path !== '');
  return (
    paths.every((path) => installed[path]?.version === locked[path].version || (installed[path] === undefined && locked[path].optional)) &&
    Object.keys(installed).every((path) => locked[path] !== undefined)
  );
}

function installNow() {
  console.error('gnet: installing dependencies (first start, or package-lock.json changed)');
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund'];
  const npm = process.env.npm_execpath;
  const run = () =>
    npm !== undefined && basename(npm) === 'npm-cli.js'
      ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: ['ignore', 2, 2] })
      : spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  // A registry that hiccups once is no reason to fail.
  if (run().status !== 0 && run().status !== 0) throw new Error('npm ci failed twice, see above: is the npm registry in reach?');
}

export function sourcesHash() {
  const hash = createHash('sha256');
  const configs = readdirSync(root).filter((name) => /^vite.*\.config\.ts$/.test(name));
  for (const path of [...SOURCES, ...configs.sort()]) hashTree(hash, path);
  return `${hash.digest('hex')}\n`;
}

function hashTree(hash, path) {
  const full = join(root, path);
  if (!existsSync(full)) return;
  if (statSync(full).isDirectory()) {
    for (const name of readdirSync(full).sort()) hashTree(hash, `${path}/${name}`);
    return;
  }
  const bytes = readFileSync(full);
  hash.update(`${path} ${bytes.length}\n`).update(bytes);
}

/** Runs `task` while no other process of this folder runs one of that name. A holder that has died loses the lock. */
async function withLock(name, task) {
  const folder = join(root, '.cache');
  mkdirSync(folder, { recursive: true });
  const lock = join(folder, `${name}.lock`);
  const mine = join(folder, `${name}.${process.pid}`);
  writeFileSync(mine, String(process.pid));
  try {
    for (let told = false; !tryLink(mine, lock); await wait(200)) {
      const holder = Number(readText(lock));
      if (holder > 0 && !isAlive(holder)) breakLock(lock, holder);
      else if (!told) {
        console.error(`gnet: waiting for another start (process ${holder || '?'}) to finish its ${name}`);
        told = true;
      }
    }
    try {
      await task();
    } finally {
      rmSync(lock, { force: true });
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** A hard link appears whole or not at all, with the holder's id in it. */
function tryLink(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Two waiters may find the same dead holder: the slower one must not remove the lock that the faster has just taken. */
function breakLock(lock, deadHolder) {
  const aside = `${lock}.${process.pid}`;
  try {
    renameSync(lock, aside);
  } catch {
    return;
  }
  if (Number(readText(aside)) !== deadHolder) tryLink(aside, lock);
  rmSync(aside, { force: true });
}

/** A process of this machine, anybody's. */
export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
