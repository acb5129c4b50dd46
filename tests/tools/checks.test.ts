import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { impurities } from '../../tools/check-purity.ts';
import { overBudget, shellFiles } from '../../tools/check-size.ts';
import { machineSigns } from '../../tools/check-tree.ts';

for (const impure of [
  'Date.now()',
  'new Date()',
  'new Date',
  'Date()',
  'Math.random()',
  'setTimeout(f, 1)',
  'console.log(1)',
  'randomBytes(32)',
  'ml_kem768.keygen()',
  'ml_kem768.encapsulate(publicKey)',
  'x25519.utils.randomSecretKey()',
  'crypto.getRandomValues(b)',
  'globalThis.setTimeout',
]) {
  test(`core may not say ${impure}`, () => assert.equal(impurities(`// a comment\nconst a = ${impure};`).length, 1));
}

for (const pure of [
  'new Date(env.now())',
  'ml_kem768.keygen(seed)',
  'kem.encapsulate(key, random)',
  'env.crypto.kemEncapsulate(key)',
  'this.console.log',
  "'Math.random'",
]) {
  test(`core may say ${pure}`, () => assert.deepEqual(impurities(`const a = ${pure};`), []));
}

test('paths and hosts of one machine are found, those of every machine are not', () => {
  const home = `${'/ho'}me/ann/project`;
  assert.equal(machineSigns(`first\nsee ${home}`)[0]?.startsWith('2 holds a path'), true);
  assert.equal(machineSigns(`"resolved": "${'https'}://packages.example/x.tgz"`).length, 1);
  assert.deepEqual(machineSigns(`src/work/a.ts https://example.org/home/ann /usr/bin/chromium ${'/tm'}p/x`), []);
});

test('the shell is the page, its scripts with what they import at once, its styles and its workers, and nothing on demand', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gnet-size-'));
  try {
    mkdirSync(join(folder, 'assets'));
    const files = {
      'index.html': '<script type="module" src="/assets/main.js"></script><link rel="stylesheet" href="/assets/a.css">',
      'assets/main.js':
        'import{a}from"./lib.js";import"./side.js";import("./late.js");new Worker(new URL("/assets/peer-1.js",import.meta.url),{})',
      'assets/peer-1.js': 'import{b}from"./lib.js";import{c}from"./core.js";',
      'assets/lib.js': '',
      'assets/side.js': '',
      'assets/core.js': '',
      'assets/late.js': '',
      'assets/other.js': '',
      'assets/a.css': '',
    };
    for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
    const paths = shellFiles(folder).map(({ path }) => path.replace('assets/', ''));
    assert.deepEqual(paths.sort(), ['a.css', 'core.js', 'index.html', 'lib.js', 'main.js', 'peer-1.js', 'side.js']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a budget that is broken names the files, the largest first', () => {
  const files = [
    { path: 'big.js', gzipBytes: 2048 },
    { path: 'small.js', gzipBytes: 1024 },
  ];
  assert.equal(overBudget(files, 3072), undefined);
  assert.match(overBudget(files, 2048) ?? '', /3\.0 KB .* 1\.0 KB over the budget of 2\.0 KB:\n.*big\.js\n.*small\.js\n/);
});
