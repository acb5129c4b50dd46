import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { newIdentity } from '../../../src/core/crypto/identity.ts';
import { signHead } from '../../../src/core/peer/heads.ts';
import { periodOf } from '../../../src/core/wire/dated-key.ts';
import { openHead, sealHead, verifyHead } from '../../../src/core/wire/head.ts';
import { MismatchError } from '../../../src/core/wire/mismatch.ts';
import { testEnv } from '../../support/test-env.ts';

const env = testEnv({ seed: 'heads' });
const author = newIdentity(env);
const manifest = { serial: 7, hash: env.random(32) };
const period = periodOf(env.now());

test('heads: who knows the address opens and verifies a sealed head', () => {
  const head = signHead(env, author, manifest, period);
  const opened = openHead(env.crypto, author.publicKey, head.key, period, sealHead(env, author.publicKey, head));
  assert.ok(opened);
  const verified = verifyHead(env.crypto, opened, { key: head.key, period });
  assert.equal(verified.serial, 7);
  assert.deepEqual(verified.manifestHash, manifest.hash);
});

test('heads: two sealings of one head share no byte pattern, and two days no key', () => {
  const today = signHead(env, author, manifest, period);
  const tomorrow = signHead(env, author, manifest, period + 1);
  assert.notDeepEqual(today.key, tomorrow.key);
  const [first, second] = [sealHead(env, author.publicKey, today), sealHead(env, author.publicKey, today)];
  assert.equal(first.length, second.length);
  const equalBytes = first.filter((byte, i) => byte === second[i]).length;
  assert.ok(equalBytes < 16, `${equalBytes} of ${first.length} bytes are the same`);
});

test('heads: a head of another day, author or with any bit changed is not taken', () => {
  const head = signHead(env, author, manifest, period);
  const sealed = sealHead(env, author.publicKey, head);
  assert.equal(openHead(env.crypto, author.publicKey, head.key, period + 1, sealed), undefined);
  assert.equal(openHead(env.crypto, newIdentity(env).publicKey, head.key, period, sealed), undefined);
  fc.assert(
    fc.property(fc.nat(8 * sealed.length - 1), (bit) => {
      const changed = sealed.slice();
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      assert.equal(openHead(env.crypto, author.publicKey, head.key, period, changed), undefined);
    }),
    { seed: 1 },
  );
  const other = signHead(env, newIdentity(env), manifest, period);
  assert.throws(() => verifyHead(env.crypto, other.bytes, { key: head.key, period }), MismatchError);
});

test('heads: arbitrary bytes are no sealed head', () => {
  const { key } = signHead(env, author, manifest, period);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => openHead(env.crypto, author.publicKey, key, period, bytes) === undefined),
    { seed: 1 },
  );
});
