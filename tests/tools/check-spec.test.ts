import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareSpec, constantsOf, readSpecRows } from '../../tools/check-spec.ts';

const page = [
  '# Page',
  '| name | value | meaning |',
  '|---|---|---|',
  '| `KEY_BYTES` | 32 | a key |',
  '| `MAX_BYTES` | 4,096 | |',
  '## Frames: `FRAME`',
  '| name | value | meaning |',
  '|---|---|---|',
  '| `cell` | 0x0a | a `cell` |',
  '## `LABEL`',
  '| `hello` | `gnet/1 hello` | |',
];

const code = { KEY_BYTES: 32, MAX_BYTES: 4096, FRAME: { cell: 10 }, LABEL: { hello: 'gnet/1 hello' }, helper: () => 1 };

const compare = (lines: string[], exports: Record<string, unknown>): string[] =>
  compareSpec('page.md', readSpecRows(lines.join('\n')), 'code.ts', constantsOf(exports));

test('tables that say what the code says pass, however the number is written', () => {
  assert.deepEqual(compare(page, code), []);
});

test('a wrong value is shown from both sides with its line', () => {
  assert.deepEqual(compare(page, { ...code, FRAME: { cell: 11 } }), ['page.md:9 says FRAME.cell = 10, but code.ts says 11']);
  assert.equal(compare(page, { ...code, LABEL: { hello: 'gnet/2 hello' } }).length, 1);
});

test('a constant without a row is answered with the row to write', () => {
  const problems = compare(page, {
    ...code,
    TAG_BYTES: 16,
    FRAME: { cell: 10, setup: 2 },
    LABEL: { hello: 'gnet/1 hello', bye: 'gnet/1 bye' },
  });
  assert.deepEqual(problems.sort(), [
    'page.md lacks a row: under the heading of `FRAME`: | `setup` | 2 | … |',
    'page.md lacks a row: under the heading of `LABEL`: | `bye` | `gnet/1 bye` | … |',
    'page.md lacks a row: | `TAG_BYTES` | 16 | … |',
  ]);
});

test('a row without a constant is named', () => {
  const { KEY_BYTES: _, ...less } = code;
  assert.deepEqual(compare(page, less), ['page.md:4 has KEY_BYTES = 32, which code.ts does not export']);
});

test('a row that stands twice is named', () => {
  assert.deepEqual(compare([...page, '| `hello` | `gnet/1 hello` | |'], code), ['page.md:12 names LABEL.hello a second time']);
});
