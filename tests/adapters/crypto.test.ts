import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ed25519 } from '@noble/curves/ed25519.js';
import { loadFastKem, nodeCrypto, opensslAead } from '../../src/adapters/node-crypto.ts';
import { opensslCurves } from '../../src/adapters/node-curves.ts';
import { sodiumAddon } from '../../src/adapters/node-sodium-addon.ts';
import { loadSodiumCrypto } from '../../src/adapters/sodium-crypto.ts';
import { fromHex } from '../../src/core/bytes/bytes.ts';
import { nobleCrypto } from '../../src/core/crypto/noble.ts';
import type { Aead, CryptoPort } from '../../src/core/ports.ts';
import { seededRandom } from '../../src/sim/random.ts';

await loadFastKem();

const ports: [string, CryptoPort][] = [
  ['the native addon', nodeCrypto],
  ['node:crypto', { ...nodeCrypto, ...opensslCurves }],
  ['libsodium', await loadSodiumCrypto()],
];

const u = (hexText: string): Uint8Array => fromHex(hexText);
/** RFC 7748 § 6.1: public keys that give the all-zero secret. */
const LOW_ORDER = [
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
];

/** A point of edwards25519 whose order is 8. */
const ORDER_8 = 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a';

const aeads: [string, Aead][] = [
  ['node:crypto', opensslAead],
  ['the native addon', nodeCrypto.aead],
  ['libsodium', (await loadSodiumCrypto()).aead],
];

for (const [name, aead] of aeads) {
  test(`the AEAD of ${name} agrees with @noble's: every length of text and AAD, in place and not, large counters, and what is spoilt`, () => {
    const random = seededRandom(name);
    for (const lengthBytes of [0, 1, 15, 16, 17, 63, 64, 65, 112, 3963, 4075, 15235, 16331, 40000]) {
      for (const aadBytes of [0, 1, 8, 80, 112, 128, 300]) {
        const [key, text, aad] = [random(32), random(lengthBytes), random(aadBytes)];
        const counter = [0, 1, 255, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 7][lengthBytes % 6] as number;
        const want = { output: new Uint8Array(lengthBytes), tag: new Uint8Array(16) };
        nobleCrypto.aead.seal(key, counter, text, aad, want.output, want.tag);
        const output = text.slice();
        const tag = new Uint8Array(16);
        aead.seal(key, counter, output, aad, output, tag);
        assert.deepEqual({ output, tag }, want);
        const opened = new Uint8Array(lengthBytes);
        assert(aead.open(key, counter, output, aad, opened, tag));
        assert.deepEqual(opened, text);
        assert(!aead.open(key, counter + 1, output, aad, opened, tag));
        for (const bytes of [output, aad, tag]) {
          if (bytes.length === 0) continue;
          bytes[bytes.length - 1]! ^= 1;
          assert(!aead.open(key, counter, output, aad, opened, tag));
          bytes[bytes.length - 1]! ^= 1;
        }
        assert(aead.open(key, counter, output, aad, output, tag));
        assert.deepEqual(output, text);
      }
    }
  });
}

test('this platform has the addon', () => {
  assert(sodiumAddon() !== undefined);
});

for (const [name, fast] of ports) {
  describe(`${name} agrees with @noble`, () => {
    const random = seededRandom(name);

    test('sha256 and x25519, the refused keys and the ignored high bit included', () => {
      for (let i = 0; i < 40; i++) {
        const [secret, other, text] = [random(32), random(32), random(i * 7)];
        assert.deepEqual(fast.sha256(text), nobleCrypto.sha256(text));
        assert.deepEqual(fast.x25519Public(secret), nobleCrypto.x25519Public(secret));
        assert.deepEqual(fast.x25519(secret, other), nobleCrypto.x25519(secret, other));
        other[31]! ^= 0x80;
        assert.deepEqual(fast.x25519(secret, other), nobleCrypto.x25519(secret, other));
      }
      for (const low of LOW_ORDER) {
        assert.equal(nobleCrypto.x25519(random(32), u(low)), undefined);
        assert.equal(fast.x25519(random(32), u(low)), undefined);
      }
    });

    test('ed25519: a key times a scalar, and keys outside of the prime-order group', () => {
      for (let i = 0; i < 12; i++) {
        const key = nobleCrypto.ed25519Public(random(32));
        const scalar = random(32);
        scalar[31]! &= 0x7f;
        const product = nobleCrypto.ed25519Multiply(key, scalar);
        assert.equal(product?.length, 32);
        assert.deepEqual(fast.ed25519Multiply(key, scalar), product);
        const twin = ed25519.Point.fromBytes(key).add(ed25519.Point.fromHex(ORDER_8)).toBytes();
        for (const outside of [twin, u(ORDER_8), ...LOW_ORDER.map(u), random(31), random(33), new Uint8Array(32).fill(2)])
          for (const crypto of [fast, nobleCrypto]) assert.equal(crypto.ed25519Multiply(outside, scalar), undefined);
        const any = random(32);
        assert.deepEqual(fast.ed25519Multiply(any, scalar), nobleCrypto.ed25519Multiply(any, scalar));
      }
    });

    test('ed25519: keys, signatures, and what does not verify', () => {
      for (let i = 0; i < 12; i++) {
        const [seed, message] = [random(32), random(i * 31)];
        const key = nobleCrypto.ed25519Public(seed);
        assert.deepEqual(fast.ed25519Public(seed), key);
        const signature = nobleCrypto.ed25519Sign(seed, message);
        assert.deepEqual(fast.ed25519Sign(seed, message), signature);
        assert(fast.ed25519Verify(key, message, signature));
        for (const at of [0, 31, 32, 63]) {
          const spoilt = signature.slice();
          spoilt[at]! ^= 1 << (i % 8);
          assert.equal(fast.ed25519Verify(key, message, spoilt), nobleCrypto.ed25519Verify(key, message, spoilt));
        }
        assert(!fast.ed25519Verify(key, random(9), signature));
        assert(!fast.ed25519Verify(key, message, Uint8Array.of(...signature, 0)));
        assert(!fast.ed25519Verify(random(32), message, signature));
      }
      for (const lengths of [
        [31, 64],
        [32, 63],
        [0, 0],
        [33, 65],
      ] as const) {
        assert.equal(fast.ed25519Verify(random(lengths[0]), random(3), random(lengths[1])), false);
      }
    });

    test('ml-kem: keys, capsules, what does not open, and the keys that FIPS 203 refuses', () => {
      for (let i = 0; i < 8; i++) {
        const [seed, coins] = [random(64), random(32)];
        const keys = nobleCrypto.kemKeyPair(seed);
        assert.deepEqual(fast.kemKeyPair(seed), keys);
        const sent = nobleCrypto.kemEncapsulate(keys.publicKey, coins);
        assert(sent !== undefined);
        assert.deepEqual(fast.kemEncapsulate(keys.publicKey, coins), sent);
        assert.deepEqual(fast.kemDecapsulate(keys.secretKey, sent.ciphertext), sent.shared);
        sent.ciphertext[i * 100]! ^= 1;
        const rejected = fast.kemDecapsulate(keys.secretKey, sent.ciphertext);
        assert.notDeepEqual(rejected, sent.shared);
        assert.deepEqual(rejected, nobleCrypto.kemDecapsulate(keys.secretKey, sent.ciphertext));
        keys.publicKey.set([0xff, 0xff], i * 3); // a coefficient of 4095 and above q
        for (const refused of [keys.publicKey, keys.publicKey.subarray(1), new Uint8Array(0)]) {
          assert.equal(nobleCrypto.kemEncapsulate(refused, coins), undefined);
          assert.equal(fast.kemEncapsulate(refused, coins), undefined);
        }
      }
    });

    test('ed25519: contrived keys and signatures on which implementations differ', () => {
      const torsion = LOW_ORDER.slice(0, 2).concat([
        '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
        'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
        `ec${'ff'.repeat(30)}7f`,
        `ed${'ff'.repeat(30)}7f`,
        `ee${'ff'.repeat(30)}ff`,
      ]);
      for (const key of torsion.map(u)) {
        for (const r of torsion.map(u)) {
          // S = 0 and small-order R, key: valid without any secret where small order is let through.
          const signature = new Uint8Array(64);
          signature.set(r);
          for (let i = 0; i < 8; i++) {
            const message = Uint8Array.of(i);
            assert.equal(fast.ed25519Verify(key, message, signature), nobleCrypto.ed25519Verify(key, message, signature));
          }
        }
      }
      // An honest key plus a point of order 8: the equation holds with the cofactor and not without.
      const order8 = ed25519.Point.fromBytes(u('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'));
      for (let i = 0; i < 8; i++) {
        const seed = random(32);
        const mixed = ed25519.Point.fromBytes(nobleCrypto.ed25519Public(seed)).add(order8).toBytes();
        const message = random(8);
        const signature = nobleCrypto.ed25519Sign(seed, message);
        assert.equal(fast.ed25519Verify(mixed, message, signature), nobleCrypto.ed25519Verify(mixed, message, signature));
      }
    });
  });
}
