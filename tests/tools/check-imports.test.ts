import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { checkImports } from '../../tools/check-imports.ts';

/** The checker's verdict on a house of these files. */
function verdict(files: Record<string, string>): string[] {
  const base = mkdtempSync(join(tmpdir(), 'gnet-imports-'));
  try {
    for (const [path, source] of Object.entries(files)) {
      mkdirSync(dirname(join(base, path)), { recursive: true });
      writeFileSync(join(base, path), source);
    }
    return checkImports(base);
  } finally {
    rmSync(base, { recursive: true });
  }
}

const leaf = 'export const x = 1;';

test('a house whose arrows all point down passes', () => {
  const files = {
    'src/core/bytes/a.ts': leaf,
    'src/core/wire/b.ts': "import '../bytes/a.ts';",
    'src/core/link/c.ts': "import '../wire/b.ts';\nimport '@noble/hashes/sha2.js';",
    'src/core/peer.ts': "import './link/c.ts';",
    'src/shared/d.ts': "import type { x } from '../core/bytes/a.ts';",
    'src/ui/e.ts': "import '../shared/d.ts';\nimport 'lit';",
    'node/f.ts': "import 'node:fs';\nimport '../src/core/peer.ts';",
  };
  assert.deepEqual(verdict(files), []);
});

test('protocol folders that import each other are named, with the way out', () => {
  const [problem, ...more] = verdict({ 'src/core/link/a.ts': leaf, 'src/core/dht/b.ts': "\nimport type { x } from '../link/a.ts';" });
  assert.match(problem ?? '', /^src\/core\/dht\/b\.ts:2 imports src\/core\/link\/a\.ts: protocol folders never import each other/);
  assert.deepEqual(more, []);
});

const wrong: [string, Record<string, string>, RegExp][] = [
  [
    'an arrow up within core',
    { 'src/core/bytes/a.ts': "import '../wire/b.ts';", 'src/core/wire/b.ts': leaf },
    /core\/bytes may import only itself/,
  ],
  [
    'a protocol folder that imports the peer',
    { 'src/core/link/a.ts': "import '../peer.ts';", 'src/core/peer.ts': leaf },
    /core\/link may import only/,
  ],
  ['a builtin of Node in core', { 'src/core/link/a.ts': "import 'node:fs';" }, /core knows no platform/],
  ['a package of a platform in core', { 'src/core/link/a.ts': "import 'simple-peer';" }, /core knows no platform/],
  [
    'the interface importing core',
    { 'src/ui/a.ts': "import '../core/peer.ts';", 'src/core/peer.ts': leaf },
    /ui may import only shared, itself/,
  ],
  [
    'a contract that needs core at run time',
    { 'src/shared/a.ts': "import '../core/peer.ts';", 'src/core/peer.ts': leaf },
    /shared may import only/,
  ],
  ['a builtin of Node in a browser adapter', { 'src/adapters/a.ts': "import 'node:fs';" }, /runs in a browser/],
  ['the product importing a test', { 'node/a.ts': "import '../tests/b.ts';", 'tests/b.ts': leaf }, /does not import tests/],
  ['an unknown folder', { 'src/misc/a.ts': "import '../core/peer.ts';", 'src/core/peer.ts': leaf }, /not a known part of the house/],
  ['a file that is not there', { 'node/a.ts': "import './b.ts';" }, /does not exist/],
  ['a missing ending', { 'node/a.ts': "import './b';", 'node/b.ts': leaf }, /does not exist/],
];
for (const [name, files, expected] of wrong) {
  test(`refused: ${name}`, () => {
    const problems = verdict(files);
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(problems[0] as string, expected);
  });
}

test('an adapter for Node may use its builtins', () => {
  assert.deepEqual(verdict({ 'src/adapters/node-crypto.ts': "import 'node:crypto';" }), []);
});

test('a cycle is drawn from end to end; types within one folder make none', () => {
  const cycle = (kind: string): string[] =>
    verdict({
      'node/a.ts': "import './b.ts';",
      'node/b.ts': "import './c.ts';",
      'node/c.ts': `${kind} { x } from './a.ts';`,
    });
  assert.deepEqual(cycle('import'), ['cycle: node/a.ts → node/b.ts → node/c.ts → node/a.ts']);
  assert.deepEqual(cycle('import type'), []);
});
