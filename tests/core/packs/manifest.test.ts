import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import test from 'node:test';
import { decode, encode } from 'cborg';
import fc from 'fast-check';
import { concat } from '../../../src/core/bytes/bytes.ts';
import { GlobalNetError } from '../../../src/core/bytes/errors.ts';
import { labelled } from '../../../src/core/crypto/derive.ts';
import { newIdentity } from '../../../src/core/crypto/identity.ts';
import { CHUNK_BYTES, HASH_BYTES, MANIFEST_MAX_BYTES } from '../../../src/core/wire/geometry.ts';
import { chunkHash, type FileEntry, signManifest, verifyManifest } from '../../../src/core/wire/manifest.ts';
import { caseCollisions, pathProblem } from '../../../src/core/wire/path.ts';
import { LABEL } from '../../../src/core/wire/registry.ts';
import { testEnv } from '../../support/test-env.ts';
import { entryOf, fields, mismatch, noise } from './support.ts';

const env = testEnv();
const author = newIdentity(env);
const file = (path: string, lengthBytes = 10): FileEntry => entryOf(env, path, noise(path, lengthBytes)).entry;
const sample = signManifest(env.crypto, author, {
  ...fields,
  serial: 7,
  previous: noise('previous', 32),
  references: [
    { relation: 'reply-to', author: noise('a', 32), manifestHash: noise('m', 32) },
    { relation: 'depends-on', author: noise('b', 32), manifestHash: undefined },
  ],
  infoHash: noise('info', 20),
  files: [file('b/ü.html'), file('a.txt', 0), file('long.bin', 3 * CHUNK_BYTES + 1)],
});

/** The sample's body changed as a hostile author could, and signed by him. */
function resigned(
  change: (body: Record<string, unknown>) => void,
  encoder: (body: unknown) => Uint8Array = (body) => encode(body),
): Uint8Array {
  const body = decode(sample.bytes.subarray(64)) as Record<string, unknown>;
  change(body);
  const bytes = encoder(body);
  return concat(env.crypto.ed25519Sign(author.seed, labelled(LABEL.manifest, env.crypto.sha256(bytes))), bytes);
}

function refused(bytes: Uint8Array, words: RegExp): void {
  assert.throws(
    () => verifyManifest(env.crypto, bytes),
    (error: unknown) => error instanceof GlobalNetError && error.kind === 'malformed' && words.test(error.message),
  );
}

test('a manifest comes back as it was signed, its files in order of their paths', () => {
  const read = verifyManifest(env.crypto, sample.bytes, { author: author.publicKey, hash: sample.hash });
  assert.deepEqual(read, sample);
  assert.deepEqual(
    read.files.map((entry) => entry.path),
    ['a.txt', 'b/ü.html', 'long.bin'],
  );
});

test('anyone can check the signature with nothing of ours', () => {
  const hash = createHash('sha256').update(sample.bytes.subarray(64)).digest();
  const message = Buffer.concat([Buffer.from('\x0fgnet/1 manifest', 'latin1'), hash]);
  const key = createPublicKey({
    key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), author.publicKey]),
    format: 'der',
    type: 'spki',
  });
  assert.ok(verify(null, message, key, sample.bytes.subarray(0, 64)));
});

test('a file of one chunk has no list; a longer one has a hash for each chunk', () => {
  const [empty, small, long] = sample.files as [FileEntry, FileEntry, FileEntry];
  assert.equal(small.chunkHashes.length, 0);
  assert.deepEqual(chunkHash(small, 0), small.hash);
  assert.equal(long.chunkHashes.length, 4 * HASH_BYTES);
  assert.deepEqual(chunkHash(long, 3), env.crypto.sha256(noise('long.bin', 3 * CHUNK_BYTES + 1).slice(-1)));
  assert.throws(() => chunkHash(empty, 0), RangeError);
});

test('another hash, another author and another signature are told apart', () => {
  assert.throws(() => verifyManifest(env.crypto, sample.bytes, { hash: noise('x', 32) }), mismatch('manifest'));
  assert.throws(() => verifyManifest(env.crypto, sample.bytes, { author: noise('x', 32) }), mismatch('author'));
  const forged = sample.bytes.slice();
  forged[3] = (forged[3] as number) ^ 1;
  assert.throws(() => verifyManifest(env.crypto, forged), mismatch('signature'));
});

test('one content has one encoding: others are refused though they are signed', () => {
  const floats = resigned(
    () => undefined,
    (body) => encode(body, { float64: true }),
  );
  assert.doesNotThrow(() =>
    verifyManifest(
      env.crypto,
      resigned(() => undefined),
    ),
  );
  assert.doesNotThrow(() => verifyManifest(env.crypto, floats), 'no field is a float');
  const body = sample.bytes.subarray(64);
  // The map's own head, ab (11 pairs), as b8 0b: the same map, a longer head.
  const longHead = resigned(
    () => undefined,
    () => concat(Uint8Array.of(0xb8, 11), body.subarray(1)),
  );
  refused(longHead, /CBOR|minim|encod/i);
  const reordered = resigned(
    () => undefined,
    (value) => {
      const pairs = Object.entries(value as object).reverse();
      return concat(Uint8Array.of(0xa0 + pairs.length), ...pairs.flatMap(([key, field]) => [encode(key), encode(field)]));
    },
  );
  refused(reordered, /deterministic/);
  refused(concat(sample.bytes, Uint8Array.of(0)), /manifest/);
});

test('a field that breaks a rule is refused and named', () => {
  const files = (...rows: unknown[][]) => resigned((body) => (body['files'] = rows));
  const row = (path: unknown, ...rest: unknown[]) => [
    path,
    ...(rest.length > 0 ? rest : [1, 'text/plain', noise('h', 32), new Uint8Array(0)]),
  ];
  refused(
    resigned((body) => (body['extra'] = 1)),
    /unknown field 'extra'/,
  );
  refused(
    resigned((body) => delete body['title']),
    /title/,
  );
  refused(
    resigned((body) => (body['v'] = 2)),
    /version 2/,
  );
  refused(
    resigned((body) => (body['serial'] = 0)),
    /serial/,
  );
  refused(
    resigned((body) => (body['serial'] = 1.5)),
    /serial/,
  );
  refused(
    resigned((body) => (body['type'] = 'virus')),
    /type/,
  );
  refused(
    resigned((body) => (body['prev'] = noise('p', 31))),
    /prev/,
  );
  refused(
    resigned((body) => (body['title'] = 'a\nb')),
    /control/,
  );
  refused(
    resigned((body) => (body['title'] = 'x'.repeat(600))),
    /title/,
  );
  refused(
    resigned((body) => (body['tags'] = Array(40).fill('t'))),
    /tags/,
  );
  refused(
    resigned((body) => (body['info'] = noise('i', 21))),
    /info/,
  );
  refused(files(row('../x')), /'\.\.'/);
  refused(files(row('/x')), /begins or ends/);
  refused(files(row('a\\b')), /\\/);
  refused(files(row('a'), row('a')), /twice/);
  refused(files(row('b'), row('a')), /order/);
  refused(files(row('a'), row('a/b')), /a file and a folder/);
  refused(files(row('a', 1, 'text/html\r\nx: y', noise('h', 32), new Uint8Array(0))), /media type/);
  refused(files(row('a', CHUNK_BYTES + 1, 'text/html', noise('h', 32), noise('c', 32))), /chunk hashes/);
  refused(files(row('a', 5, 'text/html', noise('h', 32), noise('c', 32))), /chunk hashes/);
  refused(files(row('a', 2 ** 60, 'text/html', noise('h', 32), noise('c', 32))), /size/);
  refused(
    resigned((body) => (body['refs'] = [['hates', noise('a', 32), null]])),
    /relation/,
  );
});

test('what nests 100,000 deep, is huge or is cut anywhere is refused without harm', () => {
  const deep = resigned(
    () => undefined,
    () => new Uint8Array(100_000).fill(0x81),
  );
  refused(deep, /manifest/);
  refused(new Uint8Array(MANIFEST_MAX_BYTES + 1), /allowed/);
  refused(
    resigned(
      () => undefined,
      () => Uint8Array.of(0x9b, 0, 0, 0, 1, 0, 0, 0, 0),
    ),
    /manifest/,
  );
  for (let length = 0; length < sample.bytes.length; length += 7)
    assert.throws(() => verifyManifest(env.crypto, sample.bytes.slice(0, length)), GlobalNetError);
});

test('arbitrary and mutated bytes never verify and never throw anything else', () => {
  const outcome = (bytes: Uint8Array) => assert.throws(() => verifyManifest(env.crypto, bytes), GlobalNetError);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), outcome), { seed: 1, numRuns: 500 });
  const body = sample.bytes.subarray(64);
  fc.assert(
    fc.property(fc.nat(body.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const changed = body.slice();
      changed[at] = (changed[at] as number) ^ flip;
      const bytes = concat(env.crypto.ed25519Sign(author.seed, labelled(LABEL.manifest, env.crypto.sha256(changed))), changed);
      // Signed by its author, so it may be a manifest, of something else; then its encoding is the only one.
      try {
        const read = verifyManifest(env.crypto, bytes);
        assert.deepEqual(verifyManifest(env.crypto, read.bytes), read);
      } catch (error) {
        assert.ok(error instanceof GlobalNetError, String(error));
      }
    }),
    { seed: 2, numRuns: 300 },
  );
});

test('10,000 files make a manifest of less than a megabyte that verifies', () => {
  const files = Array.from({ length: 10_000 }, (_, i) => ({
    path: `folder ${i % 100}/file number ${i}.html`,
    sizeBytes: 100,
    mediaType: 'text/html',
    hash: noise('h', 32),
    chunkHashes: new Uint8Array(0),
  }));
  const manifest = signManifest(env.crypto, author, { ...fields, files });
  assert.ok(manifest.bytes.length < 1_000_000, `${manifest.bytes.length} bytes`);
  assert.equal(verifyManifest(env.crypto, manifest.bytes).files.length, 10_000);
});

test('2 GB in one file is a manifest of 1 MB', () => {
  const sizeBytes = 2 ** 31;
  const manifest = signManifest(env.crypto, author, {
    ...fields,
    files: [
      {
        path: 'film.webm',
        sizeBytes,
        mediaType: 'video/webm',
        hash: noise('h', 32),
        chunkHashes: noise('c', (sizeBytes / CHUNK_BYTES) * HASH_BYTES),
      },
    ],
  });
  assert.equal(Math.round(manifest.bytes.length / 1000), 1049);
  assert.equal(verifyManifest(env.crypto, manifest.bytes).files[0]?.sizeBytes, sizeBytes);
});

test('paths: what may be one and what may not', () => {
  for (const path of ['a', 'a b/ü.html', '..a', 'a..b', '.hidden', '日本/語.txt', 'a%20b', "it's (1).txt"])
    assert.equal(pathProblem(path), undefined, path);
  const bad = [
    '',
    '/a',
    'a/',
    'a//b',
    '.',
    'a/..',
    '../a',
    'a/./b',
    'a\\b',
    'a\0b',
    'a\nb',
    'u\u0308',
    'a\u202eb',
    '\ud800',
    'x'.repeat(1025),
  ];
  for (const path of bad) assert.ok(pathProblem(path), JSON.stringify(path));
  assert.deepEqual(caseCollisions(['Readme', 'a', 'README', 'b']), [['Readme', 'README']]);
});
