import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DecodeError } from '../../../src/core/bytes/errors.ts';
import { identityFromSeed, peerIdOf } from '../../../src/core/crypto/identity.ts';
import { nobleCrypto } from '../../../src/core/crypto/noble.ts';
import { openServiceRecord, sealServiceRecord } from '../../../src/core/service/record-seal.ts';
import { datedSigner } from '../../../src/core/wire/dated-key.ts';
import {
  CONNECT_FIELDS_BYTES,
  DHT_VALUE_MAX_BYTES,
  EARLY_DATA_MAX_BYTES,
  HELLO_BYTES,
  HELLO_MESSAGES_BYTES,
  HELLO_SEALED_BYTES,
  MESSAGE_HEADER_BYTES,
  PAYLOAD_BYTES,
  HOLDER_BYTES,
  HOST_PART_BYTES,
  INVITATION_ENTRY_BYTES,
  INVITATION_PROOF_BYTES,
  INVITATIONS_MAX,
  SERVICE_BODY_BYTES,
  SERVICE_POINTS_MAX,
  SERVICE_RECORD_BYTES,
  SERVICE_RECORD_CONTENT_BYTES,
  SERVICE_RECORD_SPARE_BYTES,
} from '../../../src/core/wire/geometry.ts';
import { decodeAnswer, decodeHello, decodeHelloContent, encodeHelloContent } from '../../../src/core/wire/hello.ts';
import * as rendezvous from '../../../src/core/wire/rendezvous.ts';
import {
  decodeRecordContent,
  decodeSealedRecord,
  decodeServiceBody,
  encodeRecordContent,
  encodeServiceBody,
  type ServiceRecord,
} from '../../../src/core/wire/service-record.ts';
import { testEnv } from '../../support/test-env.ts';
import { IDENTITY } from './fixture.ts';

const env = testEnv();
const PLACE = { period: 20_000, serial: 1_000, slot: 3 };

const hostPart = new Uint8Array(HOST_PART_BYTES).fill(6);

function toSeal(points: number) {
  return { record: record(points), hostPart };
}

function record(points: number): ServiceRecord {
  const one = (byte: number) => ({
    peer: peerIdOf(new Uint8Array(32).fill(byte)),
    descriptorHash: new Uint8Array(32).fill(byte + 1),
    tag: new Uint8Array(32).fill(byte + 2),
  });
  return {
    effort: 77,
    freshUntilMs: 1_800_000_000_000,
    keys: { keyId: new Uint8Array(8).fill(1), x25519: new Uint8Array(32).fill(2), kem: new Uint8Array(1184).fill(3) },
    points: Array.from({ length: points }, (_, i) => one(i * 10)),
  };
}

test('a record fits a DHT value with room for its envelope, and a hello fits early data and two payloads', () => {
  assert.ok(SERVICE_RECORD_BYTES + 256 <= DHT_VALUE_MAX_BYTES);
  assert.equal(CONNECT_FIELDS_BYTES + HELLO_BYTES + MESSAGE_HEADER_BYTES, EARLY_DATA_MAX_BYTES);
  assert.ok(HELLO_BYTES <= 2 * PAYLOAD_BYTES);
  assert.ok(HELLO_MESSAGES_BYTES > 1_800);
});

test('records of none to six points have one length and come back as they were', () => {
  const signer = datedSigner(IDENTITY, PLACE.period);
  for (let points = 0; points <= SERVICE_POINTS_MAX; points++) {
    const payload = sealServiceRecord(env, IDENTITY.publicKey, signer, PLACE, toSeal(points));
    assert.equal(payload.length, SERVICE_RECORD_BYTES);
    const opened = openServiceRecord(nobleCrypto, IDENTITY.publicKey, signer.publicKey, PLACE, payload);
    assert.deepEqual(opened, { ...toSeal(points), invited: false });
  }
  assert.throws(() => encodeServiceBody(record(7)), RangeError);
});

test('a record opens in its own place and for its own address alone', () => {
  const signer = datedSigner(IDENTITY, PLACE.period);
  const payload = sealServiceRecord(env, IDENTITY.publicKey, signer, PLACE, toSeal(3));
  const other = identityFromSeed(nobleCrypto, new Uint8Array(32).fill(8));
  for (const place of [
    { ...PLACE, serial: 1_001 },
    { ...PLACE, slot: 0 },
    { ...PLACE, period: 20_001 },
  ]) {
    assert.throws(() => openServiceRecord(nobleCrypto, IDENTITY.publicKey, signer.publicKey, place, payload), { kind: 'unverified' });
  }
  assert.throws(() => openServiceRecord(nobleCrypto, other.publicKey, signer.publicKey, PLACE, payload), { kind: 'unverified' });
  assert.throws(() => openServiceRecord(nobleCrypto, IDENTITY.publicKey, other.publicKey, PLACE, payload), { kind: 'unverified' });
});

test('who knows the address can seal a record, and is found out by the signature', () => {
  const thief = {
    ...datedSigner(IDENTITY, PLACE.period),
    sign: datedSigner(identityFromSeed(nobleCrypto, new Uint8Array(32)), PLACE.period).sign,
  };
  const payload = sealServiceRecord(env, IDENTITY.publicKey, thief, PLACE, toSeal(3));
  assert.throws(() => openServiceRecord(nobleCrypto, IDENTITY.publicKey, thief.publicKey, PLACE, payload), {
    kind: 'unverified',
    message: /signed/,
  });
});

test('one bit flipped anywhere in a record is noticed', () => {
  const signer = datedSigner(IDENTITY, PLACE.period);
  const payload = sealServiceRecord(env, IDENTITY.publicKey, signer, PLACE, toSeal(3));
  for (let bit = 1; bit < payload.length * 8; bit += 499) {
    const bad = payload.slice();
    bad[bit >>> 3]! ^= 1 << (bit & 7);
    assert.throws(() => openServiceRecord(nobleCrypto, IDENTITY.publicKey, signer.publicKey, PLACE, bad), { kind: 'unverified' });
  }
});

test('two seals of one record share nothing but their length', () => {
  const signer = datedSigner(IDENTITY, PLACE.period);
  const [a, b] = [0, 1].map(() => sealServiceRecord(env, IDENTITY.publicKey, signer, PLACE, toSeal(3)));
  assert.notDeepEqual(a!.subarray(0, 64), b!.subarray(0, 64));
});

const move = new Uint8Array(64).fill(4);
const hello = new Uint8Array(HELLO_BYTES).map((_, i) => i * 7);
const content = {
  sessionId: new Uint8Array(16).fill(6),
  resumes: true,
  missed: false,
  number: 0xffff_fffe,
  holder: new Uint8Array(HOLDER_BYTES).fill(2),
  proof: new Uint8Array(INVITATION_PROOF_BYTES).fill(3),
  messages: new Uint8Array(HELLO_MESSAGES_BYTES).fill(1),
};
const other = { ...content, resumes: false, missed: true, number: 1 };
const messages: [string, Uint8Array, (bytes: Uint8Array) => unknown, unknown][] = [
  [
    'establish',
    rendezvous.encodeEstablish({ secret: new Uint8Array(32).fill(1), effort: 5 }),
    rendezvous.decodeEstablish,
    { secret: new Uint8Array(32).fill(1), effort: 5 },
  ],
  [
    'established',
    rendezvous.encodeEstablished({ code: 1, turnedAway: 0xffff_ffff }),
    rendezvous.decodeEstablished,
    { code: 1, turnedAway: 0xffff_ffff },
  ],
  [
    'connect',
    rendezvous.encodeConnect({ tag: new Uint8Array(32).fill(1), effort: 0xffff_ffff, work: new Uint8Array(8).fill(2), move, hello }),
    rendezvous.decodeConnect,
    { tag: new Uint8Array(32).fill(1), effort: 0xffff_ffff, work: new Uint8Array(8).fill(2), move, hello },
  ],
  ['connectOk', rendezvous.encodeConnectOk({ code: 2, effort: 9 }), rendezvous.decodeConnectOk, { code: 2, effort: 9 }],
  [
    'incoming',
    rendezvous.encodeIncoming({ channel: 0xffff_ffff, effort: 1, move }),
    rendezvous.decodeIncoming,
    { channel: 0xffff_ffff, effort: 1, move },
  ],
  ['hello content', encodeHelloContent(content), decodeHelloContent, content],
  ['hello content, otherwise', encodeHelloContent(other), decodeHelloContent, other],
];

for (const [name, bytes, decode, value] of messages) {
  test(`${name} comes back as it was, and every other length is refused`, () => {
    assert.deepEqual(decode(bytes), value);
    assert.throws(() => decode(bytes.subarray(1)), DecodeError);
    assert.throws(() => decode(new Uint8Array(bytes.length + 1)), DecodeError);
  });
}

test('incoming on channel 0 is refused', () => {
  assert.throws(() => rendezvous.decodeIncoming(rendezvous.encodeIncoming({ channel: 0, effort: 0, move })), DecodeError);
});

const entries = Array.from({ length: INVITATIONS_MAX }, (_, i) => new Uint8Array(INVITATION_ENTRY_BYTES).fill(i));
const body = encodeServiceBody(record(3));
const outer = { invited: true, hostPart, body, bodyTag: new Uint8Array(16).fill(7), entries };
const signed = new Uint8Array([...encodeRecordContent(outer, new Uint8Array(SERVICE_RECORD_SPARE_BYTES)), ...new Uint8Array(64)]);
const decoders: [string, Uint8Array, (bytes: Uint8Array) => unknown][] = [
  ...messages.map(([name, bytes, decode]): [string, Uint8Array, (bytes: Uint8Array) => unknown] => [name, bytes, decode]),
  ['hello', hello, decodeHello],
  ['answer', new Uint8Array(PAYLOAD_BYTES), decodeAnswer],
  ['sealed record', new Uint8Array(SERVICE_RECORD_BYTES), decodeSealedRecord],
  ['record', signed, decodeRecordContent],
  ['body of a record', body, decodeServiceBody],
];

for (const [name, valid, decode] of decoders) {
  test(`fuzz: ${name} decodes, or says DecodeError, for any bytes and for true ones changed`, () => {
    const tryIt = (bytes: Uint8Array): void => {
      try {
        decode(bytes);
      } catch (error) {
        assert.ok(error instanceof DecodeError, String(error));
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), tryIt), { numRuns: 100, seed: 1 });
    const change = fc.tuple(fc.nat(valid.length - 1), fc.nat(255), fc.integer({ min: -3, max: 3 }));
    const changed = ([at, byte, grow]: [number, number, number]): Uint8Array => {
      const bytes = new Uint8Array(valid.length + grow);
      bytes.set(valid.subarray(0, bytes.length));
      bytes[Math.min(at, bytes.length - 1)] = byte;
      return bytes;
    };
    fc.assert(
      fc.property(change, (how) => tryIt(changed(how))),
      { numRuns: 200, seed: 2 },
    );
  });
}

test('the record’s content fills its length exactly', () => {
  assert.equal(signed.length, SERVICE_RECORD_CONTENT_BYTES);
  assert.equal(body.length, SERVICE_BODY_BYTES);
  assert.equal(HELLO_SEALED_BYTES - 80, HELLO_MESSAGES_BYTES);
  const { signed: _, signature: __, ...read } = decodeRecordContent(signed);
  assert.deepEqual(read, outer);
  assert.throws(() => encodeRecordContent({ ...outer, entries: entries.slice(1) }, new Uint8Array(SERVICE_RECORD_SPARE_BYTES)), RangeError);
});
