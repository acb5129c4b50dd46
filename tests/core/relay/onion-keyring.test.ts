import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OnionKeyring } from '../../../src/core/relay/onion-keyring.ts';
import { SeenSet } from '../../../src/core/relay/seen-set.ts';
import { EPOCH_MS } from '../../../src/core/wire/registry.ts';
import { testEnv } from '../../support/test-env.ts';

describe('onion keys', () => {
  test('are one pair an epoch, the same whenever they are asked for', async () => {
    const env = testEnv();
    const keyring = new OnionKeyring(env);
    const first = keyring.publicKeys();
    assert.deepEqual(keyring.publicKeys(), first);
    await env.advance(EPOCH_MS);
    const second = keyring.publicKeys();
    assert.equal(second.epoch, first.epoch + 1);
    assert.notDeepEqual(second.x25519, first.x25519);
    assert.notEqual(second.x25519[0], first.x25519[0]); // the byte that names them in a packet
  });

  test('are of use until their descriptor is too old for any clock, then erased with what they had opened', async () => {
    const env = testEnv();
    const keyring = new OnionKeyring(env);
    const { epoch, x25519 } = keyring.publicKeys();
    keyring.bindDescriptor(epoch, env.random(32), 0);
    const key = keyring.find(x25519[0] as number);
    assert(key);
    const startMs = epoch * EPOCH_MS;
    await env.advance(startMs + 22 * 60_000 - 1 - env.now());
    assert(keyring.find(x25519[0] as number));
    await env.advance(1);
    assert.equal(keyring.find(x25519[0] as number), undefined);
    assert(key.x25519Secret.every((byte) => byte === 0));
    assert(key.kemSecret.every((byte) => byte === 0));
    assert.deepEqual(keyring.snapshot(), []);
  });

  test('have one descriptor: a second would be a proof of fraud', () => {
    const env = testEnv();
    const keyring = new OnionKeyring(env);
    const { epoch } = keyring.publicKeys();
    assert.throws(() => keyring.bindDescriptor(epoch + 5, env.random(32), 0), RangeError);
    keyring.bindDescriptor(epoch, env.random(32), 3);
    assert.throws(() => keyring.bindDescriptor(epoch, env.random(32), 3), RangeError);
  });

  test('come back from a snapshot with descriptor, price and seen packets', () => {
    const env = testEnv();
    const keyring = new OnionKeyring(env);
    const { epoch, x25519 } = keyring.publicKeys();
    const hash = env.random(32);
    keyring.bindDescriptor(epoch, hash, 9);
    const seen = Array.from({ length: 3000 }, () => env.random(32));
    const before = keyring.changes;
    for (const ephemeral of seen) assert(keyring.insertSeen(keyring.find(x25519[0] as number)!, ephemeral));
    assert(keyring.changes > before);

    const restored = new OnionKeyring(env, structuredClone(keyring.snapshot()));
    assert.deepEqual(restored.publicKeys(), keyring.publicKeys());
    const key = restored.find(x25519[0] as number)!;
    assert.deepEqual(key.descriptorHash, hash);
    assert.equal(key.setupEffort, 9);
    assert.equal(key.seen.size, 3000);
    for (const ephemeral of seen) assert(key.seen.has(ephemeral));
    assert(!key.seen.has(env.random(32)));
  });
});

describe('the set of seen packets', () => {
  test('knows each once', () => {
    const env = testEnv();
    const set = new SeenSet(env.crypto, env.random(32));
    const ephemeral = env.random(32);
    assert(!set.has(ephemeral));
    assert(set.insert(ephemeral));
    assert(set.has(ephemeral));
    assert(!set.insert(ephemeral));
    assert.equal(set.size, 1);
  });

  test('takes nothing more when it is full, and forgets nothing for it', () => {
    const env = testEnv();
    const set = new SeenSet(env.crypto, env.random(32), 5000);
    const first = env.random(32);
    assert(set.insert(first));
    for (let i = 1; i < 5000; i++) assert(set.insert(env.random(32)));
    assert(!set.insert(env.random(32)));
    assert.equal(set.size, 5000);
    assert(set.has(first));
  });
});
