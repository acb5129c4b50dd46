import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, importsOf } from '../../tools/source-text.ts';

test('imports are found in every form they are written in, with their lines', () => {
  const source = [
    "import { a } from './a.ts';",
    "import type { B } from './b.ts';",
    'import {',
    '  c,',
    '} from "./c.ts";',
    "export * from './d.ts';",
    "export type { E } from './e.ts';",
    "import './f.ts';",
    "const g = await import('./g.ts');",
    "new Worker(new URL('./h.worker.ts', import.meta.url));",
    "import * as i from 'node:fs';",
  ].join('\n');
  assert.deepEqual(
    importsOf(source).map(({ specifier, typeOnly, line }) => `${line} ${specifier}${typeOnly ? ' type' : ''}`),
    ['1 ./a.ts', '2 ./b.ts type', '3 ./c.ts', '6 ./d.ts', '7 ./e.ts type', '8 ./f.ts', '9 ./g.ts', '10 ./h.worker.ts', '11 node:fs'],
  );
});

test('what stands in a comment is no import', () => {
  assert.deepEqual(importsOf("// import './a.ts';\n/* import('./b.ts') */\n/**\n * import { c } from './c.ts';\n */"), []);
});

test('an export without from does not take the next import for its own', () => {
  const found = importsOf("export const a = 1;\nexport function b(): void {}\nimport { c } from './c.ts';");
  assert.deepEqual(
    found.map(({ line }) => line),
    [3],
  );
});

test('strings, templates, regular expressions and comments are blanked, code within templates is not', () => {
  const source = "const a = 'Date.now' + `x ${f(Date.now, `y${z}`)} Date.now`; // Date.now\nconst r = /Date.now['\"]/g; a / b / Date.now;";
  const code = codeOf(source, false);
  assert.equal(code.length, source.length);
  assert.equal(code.split('Date.now').length - 1, 2);
  assert.match(code, /f\(Date\.now,/);
  assert.match(code, /a \/ b \/ Date\.now;/);
});
