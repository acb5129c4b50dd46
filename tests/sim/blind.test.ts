import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fromHex, hex, utf8 } from '../../src/core/bytes/bytes.ts';
import { blindPublicKey, blindSigner } from '../../src/core/crypto/blind.ts';
import { identityFromSeed } from '../../src/core/crypto/identity.ts';
import { nobleCrypto } from '../../src/core/crypto/noble.ts';
import { datedPublicKey, datedSigner } from '../../src/core/wire/dated-key.ts';
import { seededRandom } from '../../src/sim/random.ts';
import { referenceBlind, referencePublic, withTorsion } from '../reference/edwards-reference.ts';

interface Case {
  seed: string;
  publicKey: string;
  param: string;
  blindedSecret: string;
  blindedPublicKey: string;
}

/** As Tor derived it when the vectors were made. */
function factorOf(param: string): Uint8Array {
  return createHash('sha512').update('Derive temporary signing key').update(fromHex(param)).digest().subarray(0, 32);
}

const { cases } = JSON.parse(readFileSync(new URL('../vectors/ed25519-blinding.json', import.meta.url), 'utf8')) as { cases: Case[] };
const random = seededRandom('blind');

/** Node's own Ed25519 (OpenSSL), which knows nothing of blinding. */
function openSslVerifies(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]);
  return verify(null, message, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature);
}

test('Tor’s vectors: blinded public and secret keys', () => {
  assert.equal(cases.length, 8);
  for (const { seed, publicKey, param, blindedSecret, blindedPublicKey } of cases) {
    assert.equal(hex(nobleCrypto.ed25519Public(fromHex(seed))), publicKey);
    assert.equal(hex(blindPublicKey(nobleCrypto, fromHex(publicKey), factorOf(param))), blindedPublicKey);
    const signer = blindSigner(fromHex(seed), factorOf(param));
    assert.equal(hex(signer.publicKey), blindedPublicKey);
    assert.equal(hex(signer.expandedSecret), blindedSecret);
  }
});

test('the slow reference agrees with Tor’s vectors and with ours', () => {
  for (const { seed, publicKey, param, blindedPublicKey } of cases) {
    assert.equal(hex(referencePublic(fromHex(seed))), publicKey);
    assert.equal(hex(referenceBlind(fromHex(publicKey), factorOf(param))), blindedPublicKey);
  }
  for (let i = 0; i < 8; i++) {
    const { publicKey } = identityFromSeed(nobleCrypto, random(32));
    const factor = random(32);
    assert.equal(hex(blindPublicKey(nobleCrypto, publicKey, factor)), hex(referenceBlind(publicKey, factor)));
  }
});

test('plain RFC 8032 verification takes what a blinded key signs, by noble and by OpenSSL, and nothing changed', () => {
  for (let i = 0; i < 16; i++) {
    const identity = identityFromSeed(nobleCrypto, random(32));
    const signer = datedSigner(identity, 20_000 + i);
    const message = random(i * 7);
    const signature = signer.sign(message);
    assert.equal(hex(signer.publicKey), hex(datedPublicKey(nobleCrypto, identity.publicKey, 20_000 + i)));
    assert.ok(nobleCrypto.ed25519Verify(signer.publicKey, message, signature));
    assert.ok(openSslVerifies(signer.publicKey, message, signature));
    assert.ok(!nobleCrypto.ed25519Verify(identity.publicKey, message, signature));
    assert.ok(!nobleCrypto.ed25519Verify(signer.publicKey, utf8('another message'), signature));
    assert.deepEqual(signer.sign(message), signature, 'no randomness to fail');
  }
});

test('two periods’ keys of one address differ, and so do two addresses’ keys of one period', () => {
  const [a, b] = [random(32), random(32)].map((seed) => identityFromSeed(nobleCrypto, seed).publicKey) as [Uint8Array, Uint8Array];
  const keys = [
    datedPublicKey(nobleCrypto, a, 1),
    datedPublicKey(nobleCrypto, a, 2),
    datedPublicKey(nobleCrypto, b, 1),
    datedPublicKey(nobleCrypto, b, 2),
  ].map(hex);
  assert.equal(new Set(keys).size, 4);
});

test('keys outside the prime-order group are refused: they would give one service several addresses', () => {
  const { publicKey } = identityFromSeed(nobleCrypto, random(32));
  const twin = withTorsion(publicKey);
  assert.notDeepEqual(twin, publicKey);
  assert.equal(
    hex(referenceBlind(twin, random(32).fill(1))),
    hex(referenceBlind(publicKey, random(32).fill(1))),
    'the factor hides the difference',
  );
  const identity = Uint8Array.of(1, ...new Uint8Array(31));
  const offCurve = new Uint8Array(32).fill(2);
  for (const key of [twin, identity, new Uint8Array(32), offCurve, new Uint8Array(31)]) {
    assert.throws(() => blindPublicKey(nobleCrypto, key, random(32)), { kind: 'malformed' }, hex(key));
  }
  assert.throws(() => blindPublicKey(nobleCrypto, publicKey, new Uint8Array(31)), RangeError);
});
