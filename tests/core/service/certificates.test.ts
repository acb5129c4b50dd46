/** Certificates and issuers' keys as bytes and as text. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { base32 } from '../../../src/core/bytes/base32.ts';
import { concat, fromHex, hex, utf8 } from '../../../src/core/bytes/bytes.ts';
import { DecodeError, GlobalNetError } from '../../../src/core/bytes/errors.ts';
import { identityFromSeed } from '../../../src/core/crypto/identity.ts';
import { nobleCrypto } from '../../../src/core/crypto/noble.ts';
import { encodeAddress } from '../../../src/core/wire/address.ts';
import {
  decodeCertificates,
  encodeCertificates,
  formatCertificate,
  parseCertificate,
  signCertificate,
  textFault,
  verifyCertificate,
} from '../../../src/core/wire/certificate.ts';
import { CERTIFICATE_MAX_BYTES, CERTIFICATES_MAX, CERTIFICATES_MAX_BYTES, SIGNATURE_BYTES } from '../../../src/core/wire/geometry.ts';
import { formatIssuer, parseIssuer } from '../../../src/core/wire/issuer.ts';
import { MismatchError } from '../../../src/core/wire/mismatch.ts';
import { CERTIFICATE_TIME_MAX_S } from '../../../src/core/wire/registry.ts';
import { withTorsion } from '../../reference/edwards-reference.ts';

const ISSUER = identityFromSeed(nobleCrypto, new Uint8Array(32).fill(5));
const service = new Uint8Array(32).fill(9);
const CONTENT = { service, fromS: 1000, untilS: 2000, text: 'Die Beispielzeitung – seit 1923' };
const CERTIFICATE = signCertificate(nobleCrypto, ISSUER, CONTENT);

/** Signed by the issuer, whatever it says. */
function signed(content: Uint8Array): Uint8Array {
  return concat(content, nobleCrypto.ed25519Sign(ISSUER.seed, concat(Uint8Array.of(18), utf8('gnet/1 certificate'), content)));
}

function withText(text: string): Uint8Array {
  const bytes = utf8(text);
  return signed(concat(CERTIFICATE.bytes.subarray(0, 81), Uint8Array.of(bytes.length >> 8, bytes.length & 255), bytes));
}

function withTimes(from: bigint, until: bigint): Uint8Array {
  const content = CERTIFICATE.bytes.slice(0, -SIGNATURE_BYTES);
  const view = new DataView(content.buffer);
  view.setBigUint64(65, from);
  view.setBigUint64(73, until);
  return signed(content);
}

/** What the issuer's secret signs for a public key that differs from its own by a point of small order. */
function signatureUnder(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  const { scalar } = ed25519.utils.getExtendedPublicKey(ISSUER.seed);
  const { ORDER } = ed25519.Point.Fn;
  const commitment = ed25519.Point.BASE.multiply(7n).toBytes();
  const challenge = BigInt(`0x${hex(sha512(concat(commitment, publicKey, message)).reverse())}`);
  const s = (7n + challenge * scalar) % ORDER;
  return concat(commitment, fromHex(s.toString(16).padStart(64, '0')).reverse());
}

const verified = (bytes: Uint8Array) => verifyCertificate(nobleCrypto, bytes);

test('a certificate reads back as it was signed, from bytes and from its line of text', () => {
  assert.deepEqual(verified(CERTIFICATE.bytes), CERTIFICATE);
  assert.deepEqual(verified(withText(CONTENT.text)), CERTIFICATE, 'one content has one encoding');
  const line = formatCertificate(CERTIFICATE);
  assert.match(line, /^certificate-[a-z2-7]+$/);
  assert.deepEqual(parseCertificate(` ${line.toUpperCase()}\n`), CERTIFICATE.bytes);
});

test('a line of text that is wrong in one letter, cut, or something else is refused, and why is said', () => {
  const line = formatCertificate(CERTIFICATE);
  const other = (letter: string): string => (letter === 'a' ? 'b' : 'a');
  for (let at = 12; at < line.length; at += 7)
    assert.throws(() => parseCertificate(line.slice(0, at) + other(line[at] as string) + line.slice(at + 1)), {
      kind: 'malformed',
      message: /^not a certificate/,
    });
  for (const [text, why] of [
    ['', /does not begin with 'certificate-'/],
    [formatIssuer(ISSUER.publicKey), /does not begin/],
    [line.slice(0, -1), /checksum|belong to no byte/],
    ['certificate-aaaa', /it has 4 letters/],
    [`certificate-${'a'.repeat(9000)}`, /it has 9000 letters/],
    [`certificate-${'1'.repeat(300)}`, /not one of a-z/],
  ] as const)
    assert.throws(
      () => parseCertificate(text),
      (error: GlobalNetError) => error.kind === 'malformed' && why.test(error.message),
      text.slice(0, 20),
    );
});

test('what turns, breaks or hides text cannot be said: neither signed here, nor taken when another has signed it', () => {
  for (const text of [
    '',
    ' \u00a0',
    '\u200d',
    'one\ntwo',
    'one\rtwo',
    'bell\u0007',
    '\u001b[31mred',
    'abc\u202egnp.exe',
    'abc\u2066x',
    '\u200fright',
    'soft\u00adhyphen',
    'zero\u200bwidth',
    'line\u2028end',
    'tag\u{e0041}',
    'own\ue000',
    '\ufeffmark',
    'x'.repeat(201),
    'ü'.repeat(101),
  ]) {
    assert.ok(textFault(text), JSON.stringify(text));
    assert.throws(() => signCertificate(nobleCrypto, ISSUER, { ...CONTENT, text }), RangeError);
    assert.throws(() => verified(withText(text)), DecodeError, JSON.stringify(text));
  }
  for (const text of ['x', 'ü'.repeat(100), 'نامه‌ها', '👩‍🔬 lab', '<b>"quotes" & such</b>', 'שלום'])
    assert.equal(verified(withText(text)).text, text);
});

test('times that are none are refused: backwards, without length, behind the last year that has four digits', () => {
  for (const [from, until] of [
    [2000n, 2000n],
    [2001n, 2000n],
    [0n, BigInt(CERTIFICATE_TIME_MAX_S) + 1n],
    [0n, 2n ** 63n],
    [2n ** 60n, 2n ** 61n],
  ] as const)
    assert.throws(() => verified(withTimes(from, until)), DecodeError, `${from} ${until}`);
  assert.equal(verified(withTimes(0n, BigInt(CERTIFICATE_TIME_MAX_S))).fromS, 0);
  for (const [fromS, untilS] of [
    [-1, 5],
    [1.5, 5],
    [5, 4],
    [0, CERTIFICATE_TIME_MAX_S + 1],
    [0, Number.NaN],
  ] as const)
    assert.throws(() => signCertificate(nobleCrypto, ISSUER, { ...CONTENT, fromS, untilS }), RangeError);
});

test('a signature of another, of no key, or under a key of small order is none', () => {
  const other = identityFromSeed(nobleCrypto, new Uint8Array(32).fill(6));
  const content = CERTIFICATE.bytes.subarray(0, -SIGNATURE_BYTES);
  const by = (key: Uint8Array, signature: Uint8Array): Uint8Array => {
    const bytes = concat(content, signature);
    bytes.set(key, 33);
    return bytes;
  };
  const message = (key: Uint8Array) => concat(Uint8Array.of(18), utf8('gnet/1 certificate'), by(key, new Uint8Array(0)));
  const neutral = Uint8Array.of(1, ...new Uint8Array(31));
  const zero = concat(neutral, new Uint8Array(32)); // R the neutral element, S 0: plain RFC 8032 takes it under a key of small order
  const mixed = withTorsion(ISSUER.publicKey);
  const byMixed = signatureUnder(mixed, message(mixed));
  assert.ok(nobleCrypto.ed25519Verify(mixed, message(mixed), byMixed), 'else this proves nothing');
  for (const [what, bytes] of [
    ['another’s', by(ISSUER.publicKey, nobleCrypto.ed25519Sign(other.seed, message(ISSUER.publicKey)))],
    ['the neutral element', by(neutral, zero)],
    ['small order', by(new Uint8Array(32), zero)],
    ['no point', by(new Uint8Array(32).fill(0xee), zero)],
    ['with a part of small order', by(mixed, byMixed)],
  ] as const)
    assert.throws(() => verified(bytes), MismatchError, what);
  assert.ok(verified(by(other.publicKey, nobleCrypto.ed25519Sign(other.seed, message(other.publicKey)))));
});

test('any bytes are a certificate, or refused; so is every beginning of one', () => {
  const read = (bytes: Uint8Array): void => {
    try {
      assert.deepEqual(verified(bytes).bytes, bytes);
    } catch (error) {
      assert.ok(error instanceof GlobalNetError, String(error));
    }
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: CERTIFICATE_MAX_BYTES + 10 }), (bytes) => read(concat(Uint8Array.of(1), bytes))),
    {
      numRuns: 300,
    },
  );
  for (let end = 0; end < CERTIFICATE.bytes.length; end++) assert.throws(() => verified(CERTIFICATE.bytes.subarray(0, end)), DecodeError);
  assert.throws(() => verified(concat(CERTIFICATE.bytes, Uint8Array.of(0))), DecodeError);
});

test('any bytes are a list of at most four, or refused; what is a list has one encoding', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        assert.deepEqual(encodeCertificates(decodeCertificates(bytes)), bytes);
      } catch (error) {
        assert.ok(error instanceof DecodeError, String(error));
      }
    }),
  );
  const most = Array.from({ length: CERTIFICATES_MAX }, () => new Uint8Array(CERTIFICATE_MAX_BYTES));
  assert.equal(encodeCertificates(most).length, CERTIFICATES_MAX_BYTES);
  assert.equal(decodeCertificates(encodeCertificates(most)).length, CERTIFICATES_MAX);
  assert.throws(() => encodeCertificates([...most, most[0]!]), RangeError);
  assert.throws(() => decodeCertificates(new Uint8Array(10)), DecodeError);
});

test('an issuer’s key as text comes back, and is taken neither for an address nor for a certificate', () => {
  const text = formatIssuer(ISSUER.publicKey);
  assert.match(text, /^issuer-[a-z2-7]{56}$/);
  assert.deepEqual(parseIssuer(` ${text.toUpperCase()} `), ISSUER.publicKey);
  const versioned = (version: number): string => {
    const bytes = concat(ISSUER.publicKey, Uint8Array.of(version));
    const sum = nobleCrypto.sha256(concat(Uint8Array.of(13), utf8('gnet/1 issuer'), bytes)).subarray(0, 2);
    return `issuer-${base32(concat(ISSUER.publicKey, sum, Uint8Array.of(version)))}`;
  };
  assert.equal(versioned(1), text);
  for (const [wrong, why] of [
    [encodeAddress(ISSUER.publicKey), /the address of a service/],
    [formatCertificate(CERTIFICATE), /does not begin with 'issuer-'/],
    [text.slice(0, -1), /56 letters/],
    [text.replace(/.$/, '8'), /not one of a-z/],
    [versioned(2), /version 2.*an update may help/],
    ['', /does not begin/],
  ] as const)
    assert.throws(
      () => parseIssuer(wrong),
      (error: GlobalNetError) => error.kind === 'malformed' && why.test(error.message),
      wrong,
    );
  fc.assert(
    fc.property(fc.integer({ min: 7, max: 62 }), fc.constantFrom(...'abcdefgh234567'), (at, letter) => {
      const other = text.slice(0, at) + letter + text.slice(at + 1);
      if (other !== text) assert.throws(() => parseIssuer(other), { kind: 'malformed' });
    }),
  );
});
