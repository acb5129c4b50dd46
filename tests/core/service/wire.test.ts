import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromHex, hex } from '../../../src/core/bytes/bytes.ts';
import { DecodeError } from '../../../src/core/bytes/errors.ts';
import { identityFromSeed, peerIdOf } from '../../../src/core/crypto/identity.ts';
import { nobleCrypto } from '../../../src/core/crypto/noble.ts';
import { hostPart as drawHostPart } from '../../../src/core/service/host-part.ts';
import { openServiceRecord, sealServiceRecord } from '../../../src/core/service/record-seal.ts';
import { decodeAddress, encodeAddress, isAddress, normalAddress } from '../../../src/core/wire/address.ts';
import { datedPublicKey, datedSigner } from '../../../src/core/wire/dated-key.ts';
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
import { formatInvitation, formatInvitationLink, isMeantAsInvitation, parseInvitation } from '../../../src/core/wire/invitation.ts';
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

interface Case {
  seed: string;
  publicKey: string;
  address: string;
  period: number;
  datedKey: string;
  rendezvousTagOfSeed: string;
}
const vectors = JSON.parse(readFileSync(new URL('../../vectors/service-addresses.json', import.meta.url), 'utf8')) as { cases: Case[] };

interface Invited {
  invitations: { address: string; secret: string; text: string }[];
  hostParts: { hostKey: string; period: number; hostPart: string; slots: number[] }[];
}
const invited = JSON.parse(readFileSync(new URL('../../vectors/service-invitations.json', import.meta.url), 'utf8')) as Invited;

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

test('vectors: addresses, dated keys, rendezvous tags', () => {
  for (const { seed, publicKey, address, period, datedKey, rendezvousTagOfSeed } of vectors.cases) {
    assert.equal(hex(identityFromSeed(nobleCrypto, fromHex(seed)).publicKey), publicKey);
    assert.equal(encodeAddress(fromHex(publicKey)), address);
    assert.equal(hex(decodeAddress(address)), publicKey);
    assert.equal(hex(datedPublicKey(fromHex(publicKey), period)), datedKey);
    assert.equal(hex(rendezvous.rendezvousTag(fromHex(seed))), rendezvousTagOfSeed);
  }
});

test('vectors: invitations, host parts', () => {
  for (const { address, secret, text } of invited.invitations) {
    assert.equal(formatInvitation({ address: normalAddress(address), secret: fromHex(secret) }), text);
    assert.deepEqual(parseInvitation(text), { address, secret: fromHex(secret) });
  }
  for (const made of invited.hostParts) {
    const { name, slots } = drawHostPart(fromHex(made.hostKey), made.period);
    assert.deepEqual([hex(name), slots], [made.hostPart, made.slots]);
  }
});

test('an invitation is read from its link too, whatever stands before it; what is meant as one is told from places in a site', () => {
  for (const { text } of invited.invitations) {
    const invitation = parseInvitation(text);
    const link = formatInvitationLink('https://gnet.example/?x=1#/open/', invitation);
    assert.equal(link, `https://gnet.example/?x=1#/invitation/${text.replace('#', '/')}`);
    for (const given of [link, ` ${link.toUpperCase()}\n`, link.slice(link.indexOf('#')), ` ${text}`]) {
      assert.ok(isMeantAsInvitation(given), given);
      assert.deepEqual(parseInvitation(given), invitation, given);
    }
    const { address } = invitation;
    for (const cut of [link.slice(0, -1), text.slice(0, -3), `${address}#`, `#/invitation/${address}`, `#/invitation/${address}/`]) {
      assert.ok(isMeantAsInvitation(cut), cut);
      assert.throws(() => parseInvitation(cut), { kind: 'malformed', message: /^not an invitation: / }, cut);
    }
    for (const place of [
      address,
      `${address}/#part`,
      `http://${address}#part`,
      `#/open/${address}/#/invitation/x`,
      `${address}/a?b#${link}`,
    ])
      assert.ok(!isMeantAsInvitation(place), place);
  }
});

test('an address is forgiven capitals and blanks, and nothing else', () => {
  const address = encodeAddress(IDENTITY.publicKey);
  assert.equal(normalAddress(`  ${address.toUpperCase()}\n`), address);
  const wrong: [string, RegExp][] = [
    ['', /does not end/],
    ['example.com', /does not end/],
    [address.slice(0, -5), /does not end/],
    [`www.${address}`, /part before/],
    [address.slice(1), /56 letters/],
    [`a${address}`, /56 letters/],
    [`0${address.slice(1)}`, /'0' is not one of/],
    [`${address[0] === 'a' ? 'b' : 'a'}${address.slice(1)}`, /checksum/],
    [`http://${address}`, /56 letters/],
  ];
  for (const [text, problem] of wrong) {
    assert.throws(() => decodeAddress(text), { kind: 'malformed', message: problem }, text);
    assert.equal(isAddress(text), false);
  }
});

test('each letter of an address counts', () => {
  const address = encodeAddress(IDENTITY.publicKey);
  let taken = 0;
  for (let i = 0; i < 56; i++) {
    for (const letter of 'abcdefghijklmnopqrstuvwxyz234567') {
      if (letter !== address[i] && isAddress(address.slice(0, i) + letter + address.slice(i + 1))) taken++;
    }
  }
  // 16 bits of checksum: of 1,736 wrong addresses one in 65,536 would pass by chance.
  assert.equal(taken, 0);
});

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
  holder: new Uint8Array(HOLDER_BYTES).fill(2),
  proof: new Uint8Array(INVITATION_PROOF_BYTES).fill(3),
  messages: new Uint8Array(HELLO_MESSAGES_BYTES).fill(1),
};
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

test('fuzz: any text is an address or malformed', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `${text}.gnet`),
      ),
      (text) => {
        try {
          decodeAddress(text);
        } catch (error) {
          assert.equal((error as { kind?: string }).kind, 'malformed');
        }
      },
    ),
    { numRuns: 300, seed: 3 },
  );
});

test('the record’s content fills its length exactly', () => {
  assert.equal(signed.length, SERVICE_RECORD_CONTENT_BYTES);
  assert.equal(body.length, SERVICE_BODY_BYTES);
  assert.equal(HELLO_SEALED_BYTES - 80, HELLO_MESSAGES_BYTES);
  const { signed: _, signature: __, ...read } = decodeRecordContent(signed);
  assert.deepEqual(read, outer);
  assert.throws(() => encodeRecordContent({ ...outer, entries: entries.slice(1) }, new Uint8Array(SERVICE_RECORD_SPARE_BYTES)), RangeError);
});
