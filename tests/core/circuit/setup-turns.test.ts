import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GlobalNetError } from '../../../src/core/bytes/errors.ts';
import {
  OWN_SETUP_BURST,
  OWN_SETUPS_PER_SECOND,
  OWN_SETUPS_UNANSWERED,
  TURN_WITHIN_MS,
  TURNS_WAITING_MAX,
} from '../../../src/core/circuit/constants.ts';
import { NoTurn, SetupTurns } from '../../../src/core/circuit/setup-turns.ts';
import { TokenBucket } from '../../../src/core/relay/token-bucket.ts';
import { SETUP_BURST, SETUPS_PER_SECOND, SETUPS_UNANSWERED } from '../../../src/core/wire/registry.ts';
import { testEnv } from '../../support/test-env.ts';

test('a burst goes at once, the rest in turn, and the first hop’s own count never refuses one', async () => {
  const env = testEnv();
  const turns = new SetupTurns(env);
  const hop = new TokenBucket(env, SETUP_BURST, SETUPS_PER_SECOND);
  const gone: number[] = [];
  let unanswered = 0;
  for (let i = 0; i < 300; i++) {
    void turns.take().then(() => {
      assert.ok(hop.take(), `packet ${i}`);
      assert.ok(++unanswered <= SETUPS_UNANSWERED);
      gone.push(i);
      env.schedule(400, () => {
        unanswered--;
        turns.done();
      });
    });
  }
  await env.advance(0);
  assert.equal(gone.length, Math.min(OWN_SETUP_BURST, OWN_SETUPS_UNANSWERED));
  await env.advance(2_400);
  assert.ok(gone.length > 50 + 40 && gone.length <= OWN_SETUP_BURST + 2.4 * OWN_SETUPS_PER_SECOND, `${gone.length}`);
  await env.advance(20_000);
  assert.deepEqual(
    gone,
    Array.from({ length: 300 }, (_, i) => i),
  );
});

test('where a hop behind answers nobody, no more than so many are under way', async () => {
  const env = testEnv();
  const turns = new SetupTurns(env);
  let gone = 0;
  for (let i = 0; i < 100; i++) void turns.take().then(() => gone++);
  await env.advance(20_000);
  assert.equal(gone, OWN_SETUPS_UNANSWERED);
  turns.done();
  await env.advance(0);
  assert.equal(gone, OWN_SETUPS_UNANSWERED + 1);
});

test('too many that wait, and one whose turn does not come, are told so; who is not wanted any more makes room', async () => {
  const env = testEnv();
  const turns = new SetupTurns(env);
  const abort = new AbortController();
  for (let i = 0; i < OWN_SETUPS_UNANSWERED; i++) await turns.take();
  const waiting = Array.from({ length: TURNS_WAITING_MAX }, (_, i) => turns.take(i === 0 ? abort.signal : undefined));
  const outcomes = Promise.allSettled(waiting);
  await assert.rejects(
    turns.take(),
    (error) =>
      error instanceof NoTurn &&
      error.kind === 'full' &&
      /^500 circuits wait already for the first hop, which builds 25 a second/.test(error.message),
  );
  abort.abort();
  await assert.rejects(waiting[0] as Promise<void>, { kind: 'cancelled' });
  await assert.rejects(turns.take(abort.signal), { kind: 'cancelled' });
  const next = turns.take();
  next.catch(() => undefined);
  await env.advance(TURN_WITHIN_MS);
  await assert.rejects(next, (error) => error instanceof NoTurn && error.kind === 'timeout' && /within 30 s/.test(error.message));
  assert.equal((await outcomes).filter(({ status }) => status === 'rejected').length, TURNS_WAITING_MAX);
  turns.done();
  await turns.take();
});

test('when the link closes, whoever waits is told', async () => {
  const turns = new SetupTurns(testEnv());
  for (let i = 0; i < OWN_SETUPS_UNANSWERED; i++) await turns.take();
  const waiting = turns.take();
  turns.fail(new GlobalNetError('unreachable', 'gone'));
  await assert.rejects(waiting, { kind: 'unreachable', message: 'gone' });
});
