import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Patience } from '../../../src/core/circuit/patience.ts';
import { testEnv } from '../../support/test-env.ts';

/** Many draws: the least and the most. */
function range(draw: () => number): [number, number] {
  const drawn = Array.from({ length: 200 }, draw);
  assert.ok(new Set(drawn).size > 20, 'nobody can foresee it');
  return [Math.min(...drawn), Math.max(...drawn)];
}

test('patience: who has something else to try waits by what circuits took lately, who has not for the whole deadline', () => {
  const patience = new Patience(testEnv());
  const within = ([least, most]: [number, number], from: number, to: number): void =>
    assert.ok(least >= from && most <= to, `${least} to ${most}`);
  within(
    range(() => patience.deadlineMs(true)),
    10_000,
    14_000,
  ); // nothing was measured yet
  patience.note(100);
  within(
    range(() => patience.deadlineMs(true)),
    1_000,
    1_250,
  );
  within(
    range(() => patience.deadlineMs(false)),
    10_000,
    14_000,
  );
  patience.note(600);
  for (let i = 0; i < 5; i++) patience.note(100);
  within(
    range(() => patience.deadlineMs(true)),
    2_400,
    3_000,
  ); // the slowest of the last ones
  patience.note(100);
  within(
    range(() => patience.deadlineMs(true)),
    1_000,
    1_250,
  );
  patience.note(30_000);
  within(
    range(() => patience.deadlineMs(true)),
    10_000,
    12_500,
  ); // never more than the deadline and its part that is drawn
});
