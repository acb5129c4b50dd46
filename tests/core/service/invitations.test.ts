/** A service for invited visitors alone, and those who are not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hex, utf8 } from '../../../src/core/bytes/bytes.ts';
import { identityFromSeed, peerIdOf } from '../../../src/core/crypto/identity.ts';
import { nobleCrypto } from '../../../src/core/crypto/noble.ts';
import { HelloKeyring } from '../../../src/core/service/hello-keys.ts';
import { makeHello, openHello } from '../../../src/core/service/hello.ts';
import { type HeldInvitation, type ServiceInvitation, ServiceVisitor } from '../../../src/core/service/index.ts';
import { openServiceRecord, sealServiceRecord } from '../../../src/core/service/record-seal.ts';
import { encodeAddress } from '../../../src/core/wire/address.ts';
import { datedPublicKey, datedSigner, periodOf } from '../../../src/core/wire/dated-key.ts';
import { HOST_PART_BYTES, INVITATIONS_MAX, SERVICE_RECORD_BYTES } from '../../../src/core/wire/geometry.ts';
import { formatInvitation, parseInvitation } from '../../../src/core/wire/invitation.ts';
import { decodeRecordContent, type ServiceRecord } from '../../../src/core/wire/service-record.ts';
import { testEnv } from '../../support/test-env.ts';
import { ADDRESS, connect, IDENTITY, started, type Scene } from './fixture.ts';

const secret = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const ANNA: ServiceInvitation = { name: 'anna', secret: secret(1) };
const BOB: ServiceInvitation = { name: 'bob', secret: secret(2) };
const PLACE = { period: 20_000, serial: 1_000, slot: 3 };
const hostPart = new Uint8Array(HOST_PART_BYTES).fill(6);
const RECORD: ServiceRecord = {
  effort: 77,
  freshUntilMs: 1_800_000_000_000,
  keys: { keyId: new Uint8Array(8).fill(1), x25519: new Uint8Array(32).fill(2), kem: new Uint8Array(1184).fill(3) },
  points: [{ peer: peerIdOf(secret(9)), descriptorHash: secret(10), tag: secret(11) }],
};

function held(invitation: ServiceInvitation, holder = 1): HeldInvitation {
  return { secret: invitation.secret, holder: new Uint8Array(16).fill(holder) };
}

/** Somebody who comes with this invitation, or with none. */
function guest(made: Scene, invitation: HeldInvitation | undefined, seed = 'guest'): Scene {
  const deps = made.network.deps(testEnv({ seed, clock: made.env.clock }));
  return { ...made, visitor: new ServiceVisitor({ ...deps, invitationTo: async () => invitation }) };
}

const signer = datedSigner(IDENTITY, PLACE.period);
function sealed(invited: readonly Uint8Array[] | undefined, seed = 'seal'): Uint8Array {
  return sealServiceRecord(testEnv({ seed }), IDENTITY.publicKey, signer, PLACE, { record: RECORD, hostPart, invited });
}
function openedBy(payload: Uint8Array, by?: Uint8Array) {
  return openServiceRecord(nobleCrypto, IDENTITY.publicKey, signer.publicKey, PLACE, payload, by);
}

test('a record opens by each secret it was sealed for, and by no other; who knows the address alone learns that it is not for him', () => {
  const secrets = [1, 2, 3].map(secret);
  const payload = sealed(secrets);
  for (const one of secrets) assert.deepEqual(openedBy(payload, one), { hostPart, invited: true, record: RECORD });
  assert.deepEqual(openedBy(payload, secret(4)), { hostPart, invited: true, record: undefined });
  assert.deepEqual(openedBy(payload), { hostPart, invited: true, record: undefined });
  assert.deepEqual(openedBy(sealed([]), secret(1)).record, undefined, 'a service that has taken all invitations back is for nobody');
});

test('who knows the address reads none of an invited record’s points and keys; of one for everybody all of them', () => {
  const parts = [RECORD.keys.kem, RECORD.points[0]!.descriptorHash, RECORD.points[0]!.tag].map((part) => hex(part.subarray(0, 16)));
  const [closed, open] = [hex(contentOf(sealed([secret(1)]))), hex(contentOf(sealed(undefined)))];
  for (const part of parts) assert.deepEqual([closed.includes(part), open.includes(part)], [false, true]);
});

test('one bit changed in the body or in an entry is noticed by the signature, not by the invited alone', () => {
  const payload = sealed([secret(1)]);
  for (let bit = 5; bit < payload.length * 8; bit += 211) {
    const bad = payload.slice();
    bad[bit >>> 3]! ^= 1 << (bit & 7);
    assert.throws(() => openedBy(bad, secret(1)), { kind: 'unverified' });
  }
});

test('the number of the invited does not show: one length, as many entries, each place equally likely, bytes that look alike', () => {
  const counts = [0, 1, 2, INVITATIONS_MAX];
  const ones = counts.map((count) => {
    let [bits, total] = [0, 0];
    for (let i = 0; i < 8; i++) {
      const payload = sealed(
        Array.from({ length: count }, (_, j) => secret(j + 1)),
        `${count} ${i}`,
      );
      assert.equal(payload.length, SERVICE_RECORD_BYTES);
      // What somebody reads who knows the address: the outer seal off, entries as they stand.
      const { entries } = decodeRecordContent(contentOf(payload));
      assert.equal(new Set(entries.map(hex)).size, INVITATIONS_MAX);
      for (const byte of entries.flatMap((entry) => [...entry])) {
        total += 8;
        for (let rest = byte; rest > 0; rest >>>= 1) bits += rest & 1;
      }
    }
    return bits / total;
  });
  // 65,536 fair bits: a share of ones off by 0.02 comes once in 10^24.
  for (const share of ones) assert.ok(Math.abs(share - 0.5) < 0.02, String(ones));
  const places = new Set(Array.from({ length: 60 }, (_, i) => placeOf(sealed([secret(1), secret(2)], `place ${i}`), secret(1))));
  assert.ok(places.size > 15, `in ${places.size} places`);
});

/** A record's content with the outer seal off: what everybody has who knows the address. */
function contentOf(payload: Uint8Array): Uint8Array {
  let content = new Uint8Array(0);
  const open = (...args: Parameters<typeof nobleCrypto.aead.open>): boolean => {
    const opens = nobleCrypto.aead.open(...args);
    content = Uint8Array.from(args[4]);
    return opens;
  };
  openServiceRecord({ ...nobleCrypto, aead: { ...nobleCrypto.aead, open } }, IDENTITY.publicKey, signer.publicKey, PLACE, payload);
  return content;
}

/** Which of the entries opened the body. */
function placeOf(payload: Uint8Array, by: Uint8Array): number {
  let tries = -1; // the outer seal
  const aead = {
    ...nobleCrypto.aead,
    open(...args: Parameters<typeof nobleCrypto.aead.open>): boolean {
      tries++;
      return nobleCrypto.aead.open(...args);
    },
  };
  openServiceRecord({ ...nobleCrypto, aead }, IDENTITY.publicKey, signer.publicKey, PLACE, payload, by);
  return tries;
}

test('more invitations than there are entries are refused', async () => {
  assert.throws(() => sealed(Array.from({ length: INVITATIONS_MAX + 1 }, (_, i) => secret(i))), RangeError);
  const made = await started();
  const many = Array.from({ length: INVITATIONS_MAX + 1 }, (_, i) => ({ name: String(i), secret: secret(i) }));
  assert.throws(() => made.host.invite(many), RangeError);
});

test('the invited come in, each under the name of his invitation; others are told that they need one', async () => {
  const made = await started({ invitations: [ANNA, BOB] });
  await connect(guest(made, held(ANNA)), 'anna');
  await connect(guest(made, held(BOB, 2)), 'bob');
  assert.deepEqual(
    made.visits.map(({ guest: who }) => [who?.invitation.name, who?.holder]),
    [
      ['anna', '01'.repeat(16)],
      ['bob', '02'.repeat(16)],
    ],
  );
  await assert.rejects(connect(guest(made, undefined), 'a'), { kind: 'refused', message: /is for invited visitors alone: ask its owner/ });
  await assert.rejects(connect(guest(made, { ...held(ANNA), secret: secret(7) }), 'a'), {
    kind: 'refused',
    message: /does not open its record/,
  });
  assert.equal(made.visits.length, 2);
});

/** Today's record as somebody reads it who is invited. */
function recordBy(made: Scene, by: Uint8Array | undefined): ServiceRecord {
  const { payload, serial, slot } = made.network.published.at(-1)!;
  const period = periodOf(made.env.now());
  const place = { period, serial, slot };
  return openServiceRecord(nobleCrypto, IDENTITY.publicKey, datedPublicKey(nobleCrypto, IDENTITY.publicKey, period), place, payload, by)
    .record!;
}

let thieves = 0;
/** Whoever has got hold of the record, and knocks with what he has. */
function thief(made: Scene, record: ServiceRecord, invitation: HeldInvitation | undefined): Scene {
  const deps = made.network.deps(testEnv({ seed: `thief ${thieves++}`, clock: made.env.clock }));
  // A record of his own making that names the true points and keys: he may read it, whoever it was for.
  const env = testEnv({ seed: 'forge' });
  const find = async () => {
    const period = periodOf(made.env.now());
    const toSeal = { record, hostPart, invited: undefined };
    return [{ ...PLACE, payload: sealServiceRecord(env, IDENTITY.publicKey, datedSigner(IDENTITY, period), { ...PLACE, period }, toSeal) }];
  };
  return { ...made, visitor: new ServiceVisitor({ ...deps, invitationTo: async () => invitation, records: { ...deps.records, find } }) };
}

test('who was shown the record by one who is invited still does not come in: the hello proves the invitation', async () => {
  const made = await started({ invitations: [ANNA] });
  const record = recordBy(made, ANNA.secret);
  await assert.rejects(connect(thief(made, record, undefined), 'no proof'), { kind: 'unserved' });
  await assert.rejects(connect(thief(made, record, held(BOB)), 'the proof of another invitation'), { kind: 'unserved' });
  assert.equal(made.visits.length, 0);
  await connect(thief(made, record, held(ANNA)), 'by the same way with the invitation, so that the test can fail');
  assert.equal(made.visits.length, 1);
});

test('an invitation that was taken back opens no record that comes after, and no door by the record from before', async () => {
  const made = await started({ invitations: [ANNA, BOB] });
  const bob = guest(made, held(BOB));
  await connect(bob, 'while he may');
  const before = recordBy(made, BOB.secret);
  made.host.invite([ANNA]);
  await made.env.advance(5_000);
  assert.equal(recordBy(made, BOB.secret), undefined);
  await assert.rejects(connect(bob, 'by the record he remembers'), { kind: 'refused', message: /was taken back/ });
  await assert.rejects(connect(thief(made, before, held(BOB)), 'by the points from before'), { kind: 'unserved' });
  assert.notDeepEqual(recordBy(made, ANNA.secret).keys, before.keys, 'the hello keys that he knows open nothing any more');
  assert.equal(made.visits.length, 1);
  await connect(guest(made, held(ANNA)), 'who stays comes in');
  made.host.invite([]);
  await made.env.advance(5_000);
  await assert.rejects(connect(guest(made, held(ANNA), 'late'), 'a'), { kind: 'refused' });
});

test('a service that was for everybody shuts those out who read its record before', async () => {
  const made = await started();
  await connect(made, 'everybody');
  const before = recordBy(made, undefined);
  made.host.invite([ANNA]);
  await made.env.advance(5_000);
  await assert.rejects(connect(thief(made, before, undefined), 'a'), { kind: 'unserved' });
  await assert.rejects(connect(made, 'a'), { kind: 'refused' });
  made.host.invite(undefined);
  await made.env.advance(5_000);
  await connect(made, 'everybody again');
});

test('one more invitation changes nothing for those who are in: hello keys stay', async () => {
  const made = await started({ invitations: [ANNA] });
  const before = recordBy(made, ANNA.secret);
  made.host.invite([ANNA, BOB]);
  await made.env.advance(5_000);
  assert.deepEqual(recordBy(made, BOB.secret).keys, before.keys);
  await connect(guest(made, held(BOB)), 'bob');
});

test('a proof is good in its own hello alone: not in another, not for another session, holder or point', () => {
  const env = testEnv();
  const secrets = new HelloKeyring(env).current;
  const target = { service: IDENTITY.publicKey, point: peerIdOf(secret(9)) };
  const words = { sessionId: new Uint8Array(16), resumes: false, missed: false, number: 1, messages: utf8('a') };
  const hello = (over: object = {}) => openHello(env, target, secrets, makeHello(env, target, secrets.keys, { ...words, ...over })!.bytes)!;
  const invitation = held(ANNA);
  const [one, same] = [hello({ invitation }), hello({ invitation })];
  assert.ok(one.proves(ANNA.secret));
  assert.ok(!one.proves(BOB.secret));
  assert.notDeepEqual(one.content.proof, same.content.proof, 'each hello has a proof of its own');
  // A proof that is carried into another hello, as whoever opened the first one could.
  for (const over of [
    {},
    { sessionId: new Uint8Array(16).fill(1) },
    { invitation: { ...invitation, holder: new Uint8Array(16).fill(2) } },
  ]) {
    const other = hello(over);
    Object.assign(other.content, { proof: one.content.proof });
    assert.ok(!other.proves(ANNA.secret));
  }
  assert.ok(!hello().proves(ANNA.secret), 'zeros prove nothing');
  assert.ok(!hello().proves(new Uint8Array(32)));
});

test('an invitation’s text comes back; one letter wrong, another address, or anything else is named', () => {
  const text = formatInvitation({ address: ADDRESS, secret: ANNA.secret });
  assert.deepEqual(parseInvitation(text), { address: ADDRESS, secret: ANNA.secret });
  assert.deepEqual(parseInvitation(`  ${text.toUpperCase()}\n`), { address: ADDRESS, secret: ANNA.secret });
  const other = encodeAddress(identityFromSeed(nobleCrypto, secret(8)).publicKey);
  const wrong: [string, RegExp][] = [
    ['', /no secret stands behind/],
    [ADDRESS, /no secret stands behind/],
    [`${ADDRESS}#abc`, /56 letters and digits stand behind the address, not 3/],
    [text.slice(0, -1), /not 55/],
    [`${text.slice(0, -3)}0${text.slice(-2)}`, /'0' is not one of/],
    [text.replace('#a', '#b'), /checksum/],
    [text.replace(ADDRESS, other), /checksum does not match: a letter is wrong, or it is of another address/],
    [`example.com#${text.split('#')[1]}`, /does not end in \.gnet/],
  ];
  for (const [bad, problem] of wrong) assert.throws(() => parseInvitation(bad), { kind: 'malformed', message: problem }, bad);
});

test('fuzz: any text is an invitation or malformed', () => {
  const text = formatInvitation({ address: ADDRESS, secret: ANNA.secret });
  const mangled = fc
    .tuple(fc.nat(text.length - 1), fc.string({ maxLength: 3 }))
    .map(([at, put]) => text.slice(0, at) + put + text.slice(at + 1));
  const any = fc.oneof(
    fc.string(),
    mangled,
    fc.string().map((rest) => `${ADDRESS}#${rest}`),
    fc.string().map((rest) => `https://a.example/#/invitation/${ADDRESS}/${rest}`),
  );
  fc.assert(
    fc.property(any, (input) => {
      try {
        parseInvitation(input);
      } catch (error) {
        assert.equal((error as { kind?: string }).kind, 'malformed');
      }
    }),
    { numRuns: 300, seed: 4 },
  );
});
