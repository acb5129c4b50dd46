import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingOptional } from '../../tools/check-lock.ts';

test('a binary of another platform that the lock lacks is named with its platform', () => {
  const lock = {
    packages: {
      '': {},
      'node_modules/tool': {
        version: '2.0.0',
        dev: true,
        optionalDependencies: { '@tool/linux-x64-gnu': '2.0.0', '@tool/linux-x64-musl': '2.0.0' },
      },
      'node_modules/@tool/linux-x64-gnu': { version: '2.0.0' },
    },
  };
  assert.deepEqual(
    [...missingOptional(lock)],
    [['node_modules/@tool/linux-x64-musl', { version: '2.0.0', cpu: ['x64'], os: ['linux'], libc: ['musl'], dev: true, optional: true }]],
  );
});

test('an entry beside or above the package that wants it counts', () => {
  const wants = { version: '1.0.0', optionalDependencies: { 'x-win32-x64': '1.0.0' } };
  const at = (path: string) =>
    missingOptional({ packages: { 'node_modules/a/node_modules/@b/c': wants, [path]: { version: '1.0.0' } } }).size;
  assert.equal(at('node_modules/x-win32-x64'), 0);
  assert.equal(at('node_modules/a/node_modules/x-win32-x64'), 0);
  assert.equal(at('node_modules/a/node_modules/@b/c/node_modules/x-win32-x64'), 0);
  assert.equal(at('node_modules/d/node_modules/x-win32-x64'), 1);
});
