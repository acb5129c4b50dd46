import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeerId } from '../../../src/core/bytes/brand.ts';
import { leftOut, Suspects } from '../../../src/core/peer/suspects.ts';
import { testEnv } from '../../support/test-env.ts';

const ids = (text: string): PeerId[] => [...text] as PeerId[];
const words = (sets: readonly ReadonlySet<PeerId>[]): string[] => sets.map((set) => [...set].sort().join(''));

test('suspects: hops of silent paths are left out for a minute, those of two silent paths most, and none that has answered since', async () => {
  const env = testEnv();
  const suspects = new Suspects(env);
  suspects.onSilent(ids('abc'));
  suspects.onSilent(ids('cde'));
  assert.deepEqual(words(leftOut(suspects, [], '')), ['abcde', 'c', '']);
  suspects.onAnswered(ids('ad'));
  assert.deepEqual(words(leftOut(suspects, ids('e'), '')), ['bc', 'c', ''], 'a guard, of one silent path');
  assert.deepEqual(words(leftOut(suspects, ids('c'), '')), ['bce', 'c', 'be', ''], 'a guard, of two');
  assert.deepEqual(
    ['xyz', 'xbz', 'exz', 'cxz'].map((path) => suspects.isOn(ids(path))),
    [false, true, false, true],
  );
  await env.advance(60_000);
  assert.deepEqual(words(leftOut(suspects, [], '')), ['']);
});

test('suspects: a path of a group shares no hop with the others, or at the worst none that is on all of them', () => {
  const suspects = new Suspects(testEnv());
  const group = new Map([
    ['one', ids('gabp')],
    ['two', ids('gcdq')],
    ['three', ids('xyz')],
  ]);
  assert.deepEqual(words(leftOut(suspects, ids('gh'), 'three', group)), ['abcdgpq', 'g', '']);
  assert.deepEqual(words(leftOut(suspects, ids('gh'), 'four', group)), ['abcdgpqxyz', 'abcdpqxyz', '']);
});
