/** What a site's server says: the head of the newest version, and messages of a stream. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { concat } from '../../../src/core/bytes/bytes.ts';
import { GlobalNetError } from '../../../src/core/bytes/errors.ts';
import { newIdentity } from '../../../src/core/crypto/identity.ts';
import { encodeHead, periodOfHead, verifyHead } from '../../../src/core/wire/head.ts';
import { decodeSiteRequest, encodeSiteMessage, SiteDecoder } from '../../../src/core/wire/site.ts';
import { SITE } from '../../../src/core/wire/registry.ts';
import { testEnv } from '../../support/test-env.ts';
import { mismatch, noise } from './support.ts';

const env = testEnv();
const author = newIdentity(env);

test('a head is what its key signed, for its period', () => {
  const bytes = encodeHead({ key: author.publicKey, period: 20_000, serial: 7, manifestHash: noise('manifest', 32) }, (message) =>
    env.crypto.ed25519Sign(author.seed, message),
  );
  const wanted = { key: author.publicKey, period: 20_000 };
  assert.equal(periodOfHead(bytes), 20_000);
  assert.equal(verifyHead(env.crypto, bytes, wanted).serial, 7);
  assert.throws(() => verifyHead(env.crypto, bytes, { ...wanted, period: 20_001 }), { kind: 'malformed' });
  assert.throws(() => verifyHead(env.crypto, bytes, { key: noise('x', 32) }), mismatch('author'));
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const changed = bytes.slice();
      changed[at] = (changed[at] as number) ^ flip;
      assert.throws(() => verifyHead(env.crypto, changed, wanted), GlobalNetError);
    }),
    { seed: 3, numRuns: 60 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (junk) => {
      assert.throws(() => verifyHead(env.crypto, junk, wanted), GlobalNetError);
      if (junk.length !== bytes.length) assert.throws(() => periodOfHead(junk), { kind: 'malformed' });
    }),
    { seed: 4, numRuns: 100 },
  );
});

const hashes = fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { minLength: 1, maxLength: 64 });
const u32 = fc.nat(0xffff_ffff);
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const messages = fc.oneof(
  fc.record({
    type: fc.constant(SITE.open),
    serialHeld: fc.maxSafeNat(),
    manifestHeld: hash,
    fileHeld: fc.boolean(),
    firstChunk: u32,
    chunks: u32,
    pushBytes: u32,
    path: fc.string({ maxLength: 100 }),
  }),
  fc.record({ type: fc.constant(SITE.chunks), priority: fc.nat(255), hashes }),
  fc.record({ type: fc.constant(SITE.cancel), hashes }),
  fc.record({ type: fc.constant(SITE.manifest), bytes: fc.uint8Array({ maxLength: 3000 }) }),
  fc.record({ type: fc.constant(SITE.head), bytes: fc.uint8Array({ minLength: 140, maxLength: 140 }) }),
  fc.record({ type: fc.constant(SITE.chunk), hash, bytes: fc.uint8Array({ minLength: 1, maxLength: 3000 }) }),
  fc.record({ type: fc.constantFrom(SITE.missing, SITE.sent), hash }),
  fc.record({ type: fc.constantFrom(SITE.same, SITE.end) }),
);

test('messages of a site stream come back as they were, whole, one byte at a time, and in any pieces', () => {
  fc.assert(
    fc.property(fc.array(messages, { maxLength: 5 }), fc.integer({ min: 1, max: 1000 }), (list, piece) => {
      const bytes = concat(...list.map((message) => encodeSiteMessage(message as never)));
      for (const size of [1, piece, bytes.length || 1]) {
        const decoder = new SiteDecoder();
        const read: unknown[] = [];
        for (let offset = 0; offset < bytes.length; offset += size) read.push(...decoder.push(bytes.slice(offset, offset + size)));
        assert.deepEqual(JSON.stringify(read), JSON.stringify(list));
        assert.ok(decoder.whole);
      }
    }),
    { seed: 5, numRuns: 60 },
  );
});

test('a site stream of nonsense is a decode error, and a length is refused before it is waited for', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (junk) => {
      try {
        decodeSiteRequest(junk);
      } catch (error) {
        assert.ok(error instanceof GlobalNetError && error.kind === 'malformed', String(error));
      }
    }),
    { seed: 6, numRuns: 500 },
  );
  assert.throws(() => [...new SiteDecoder().push(Uint8Array.of(SITE.manifest, 0xff, 0xff, 0xff, 0xff))], { kind: 'malformed' });
  assert.throws(() => [...new SiteDecoder().push(Uint8Array.of(SITE.chunk, 0, 1, 0, 0x21))], { kind: 'malformed' });
});
