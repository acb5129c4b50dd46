/** Addresses, invitations and what is derived from them: as the vectors have them, and as users write them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromHex, hex } from '../../../src/core/bytes/bytes.ts';
import { identityFromSeed } from '../../../src/core/crypto/identity.ts';
import { nobleCrypto } from '../../../src/core/crypto/noble.ts';
import { hostPart as drawHostPart } from '../../../src/core/service/host-part.ts';
import { decodeAddress, encodeAddress, isAddress, normalAddress } from '../../../src/core/wire/address.ts';
import { datedPublicKey } from '../../../src/core/wire/dated-key.ts';
import { formatInvitation, formatInvitationLink, isMeantAsInvitation, parseInvitation } from '../../../src/core/wire/invitation.ts';
import * as rendezvous from '../../../src/core/wire/rendezvous.ts';
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

test('vectors: addresses, dated keys, rendezvous tags', () => {
  for (const { seed, publicKey, address, period, datedKey, rendezvousTagOfSeed } of vectors.cases) {
    assert.equal(hex(identityFromSeed(nobleCrypto, fromHex(seed)).publicKey), publicKey);
    assert.equal(encodeAddress(fromHex(publicKey)), address);
    assert.equal(hex(decodeAddress(address)), publicKey);
    assert.equal(hex(datedPublicKey(nobleCrypto, fromHex(publicKey), period)), datedKey);
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
