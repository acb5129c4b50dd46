import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PeerId } from '../../../src/core/bytes/index.ts';
import { nobleCrypto, peerIdOf } from '../../../src/core/crypto/index.ts';
import {
  decodeDescriptor,
  type DescriptorContent,
  fraudProof,
  signDescriptor,
  verifyDescriptor,
  verifyFraud,
} from '../../../src/core/wire/descriptor.ts';
import { DESCRIPTOR_MAX_BYTES } from '../../../src/core/wire/geometry.ts';
import { isPrivateIp, netGroup, netPrefix, type PeerAddress, websocketUrl } from '../../../src/core/wire/peer-address.ts';
import { CLOCK_SKEW_MS, EPOCH_MS, ROLE } from '../../../src/core/wire/registry.ts';
import { kindOf } from '../../support/decoders.ts';
import { describe, openPeer, tabPeer, testPeer, websocketAt } from '../../support/peers.ts';

const NOW = 1_800_000_000_000;
const peer = openPeer(1);
const plain = { noNullPrototype: true } as const;
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const ip = fc.oneof(
  bytes(4),
  bytes(16).filter((value) => value[0] !== 0),
);
const port = fc.integer({ min: 1, max: 65535 });
const host = fc.constantFrom('', 'a', 'relay.example', 'x'.repeat(128));
const websocket: fc.Arbitrary<PeerAddress> = fc.record(
  { kind: fc.constant('websocket' as const), ip, port, tls: fc.boolean(), host },
  plain,
);
const address: fc.Arbitrary<PeerAddress> = fc.oneof(
  websocket,
  fc.record({ kind: fc.constant('direct' as const), ip, port, certificate: bytes(32) }, plain),
  fc.record({ kind: fc.constant('stun' as const), ip, port }, plain),
  fc.constant({ kind: 'mesh' as const }),
  fc.record(
    { kind: fc.constant('other' as const), type: fc.integer({ min: 5, max: 255 }), content: fc.uint8Array({ maxLength: 152 }) },
    plain,
  ),
);
const tag = fc.string({ unit: fc.constantFrom(...' !aZ09~'), maxLength: 32 });
const links: fc.Arbitrary<PeerId[]> = fc.uniqueArray(bytes(32).map(peerIdOf), { maxLength: 48 });
const content: fc.Arbitrary<DescriptorContent> = fc
  .record({
    onionX25519: bytes(32),
    onionKem: fc.nat(255).map((byte) => new Uint8Array(1184).fill(byte)),
    setupEffort: fc.integer({ min: 0, max: 0xffffffff }),
    operator: tag,
    software: tag,
    more: fc.array(address, { maxLength: 3 }),
    first: websocket,
    links,
    extension: fc.uint8Array({ maxLength: 256 }),
    epoch: fc.integer({ min: 0, max: 0xffffffff }),
  })
  .map(({ more, first, ...rest }) => ({ ...rest, id: peer.id, roles: ROLE.open | ROLE.store, addresses: [first, ...more] }));

test('a descriptor decodes to what was signed, its links in order', () => {
  fc.assert(
    fc.property(content, (wanted) => {
      const signed = signDescriptor(nobleCrypto, peer.identity, wanted);
      const read = decodeDescriptor(signed.bytes).content;
      assert.deepEqual(new Set(read.links), new Set(wanted.links));
      assert.deepEqual({ ...read, links: [] }, { ...wanted, links: [] });
      assert.ok(signed.bytes.length <= DESCRIPTOR_MAX_BYTES);
      const again = signDescriptor(nobleCrypto, peer.identity, { ...wanted, links: [...wanted.links].reverse() });
      assert.deepEqual(again.bytes, signed.bytes, 'one encoding, whatever the order of the links');
    }),
    { numRuns: 60 },
  );
});

test('verification yields the hash, the times and the prefixes', () => {
  const signed = describe(peer, NOW);
  const read = verifyDescriptor(nobleCrypto, signed.bytes, NOW);
  assert.deepEqual(read, signed);
  assert.deepEqual(read.hash, nobleCrypto.sha256(signed.bytes));
  assert.equal(read.validUntilMs - read.validFromMs, 2 * EPOCH_MS);
  assert.equal(read.netGroup, '040c00');
});

test('the bytes handed in may change afterwards', () => {
  const handed = describe(peer, NOW).bytes.slice();
  const read = verifyDescriptor(nobleCrypto, handed, NOW);
  handed.fill(0);
  assert.equal(verifyDescriptor(nobleCrypto, read.bytes, NOW).id, peer.id);
  assert.equal(
    read.onionX25519.every((byte) => byte === 0),
    false,
  );
});

test('outside its two epochs a descriptor is a matter of clocks', () => {
  const signed = describe(peer, NOW);
  assert.equal(
    kindOf(() => verifyDescriptor(nobleCrypto, signed.bytes, signed.validUntilMs)),
    'clock',
  );
  assert.equal(
    kindOf(() => verifyDescriptor(nobleCrypto, signed.bytes, signed.validFromMs - CLOCK_SKEW_MS - 1)),
    'clock',
  );
  assert.equal(
    kindOf(() => verifyDescriptor(nobleCrypto, signed.bytes, signed.validUntilMs - 1)),
    'nothing',
  );
  assert.equal(
    kindOf(() => verifyDescriptor(nobleCrypto, signed.bytes, signed.validFromMs - CLOCK_SKEW_MS)),
    'nothing',
  );
});

test('a change of any byte is refused', () => {
  const signed = describe(openPeer(2, { operator: 'somebody', links: [peer.id] }), NOW).bytes;
  for (let offset = 0; offset < signed.length; offset += offset > 90 && offset < 1240 ? 97 : 1) {
    const changed = signed.slice();
    changed[offset] = (changed[offset] as number) ^ 0x10;
    assert.notEqual(
      kindOf(() => verifyDescriptor(nobleCrypto, changed, NOW)),
      'nothing',
      `byte ${offset}`,
    );
  }
});

test('an open peer must publish an address that can be dialled, a store peer must be open', () => {
  assert.equal(
    kindOf(() => describe(testPeer('x', { roles: ROLE.open }), NOW)),
    'malformed',
  );
  assert.equal(
    kindOf(() => describe(testPeer('x', { roles: ROLE.open, addresses: [{ kind: 'mesh' }, websocketAt([9, 9, 9, 9])] }), NOW)),
    'malformed',
  );
  assert.equal(
    kindOf(() => describe(testPeer('x', { roles: ROLE.store }), NOW)),
    'malformed',
  );
});

test('a link listed twice, an IPv4 address dressed as IPv6, port 0 and a host in capitals are refused', () => {
  const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 1, 2, 3, 4];
  assert.equal(
    kindOf(() => describe(testPeer('x', { links: [peer.id, peer.id] }), NOW)),
    'malformed',
  );
  assert.equal(
    kindOf(() => describe(testPeer('x', { addresses: [websocketAt(mapped)] }), NOW)),
    'malformed',
  );
  assert.equal(
    kindOf(() => describe(testPeer('x', { addresses: [websocketAt([1, 2, 3, 4], 0)] }), NOW)),
    'malformed',
  );
  const shouting: PeerAddress = { kind: 'websocket', ip: Uint8Array.of(1, 2, 3, 4), port: 1, tls: true, host: 'Relay.Example' };
  assert.equal(
    kindOf(() => describe(testPeer('x', { addresses: [shouting] }), NOW)),
    'malformed',
  );
});

test('arbitrary and mutated bytes are refused as malformed or unverified, never otherwise', () => {
  const valid = describe(openPeer(3, { links: [peer.id], extension: new Uint8Array(9) }), NOW).bytes;
  const mutated = fc
    .tuple(fc.nat(valid.length - 1), fc.integer({ min: 1, max: 255 }), fc.nat(valid.length))
    .map(([offset, change, cut]) => {
      const changed = valid.slice(0, cut === 0 ? undefined : Math.max(cut, offset + 1));
      changed[offset] = (changed[offset] as number) ^ change;
      return changed;
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 5000 }), mutated), (input) => {
      assert.notEqual(
        kindOf(() => verifyDescriptor(nobleCrypto, input, NOW)),
        'nothing',
      );
    }),
    { numRuns: 300 },
  );
});

test('two descriptors of one epoch convict their signer, in one order only, and nobody else', () => {
  const first = describe(peer, NOW);
  const second = describe(peer, NOW, { setupEffort: 7 });
  const proof = fraudProof(first.bytes, second.bytes);
  assert.deepEqual(proof, fraudProof(second.bytes, first.bytes));
  assert.equal(verifyFraud(nobleCrypto, proof), peer.id);
  assert.equal(verifyFraud(nobleCrypto, { first: proof.second, second: proof.first }), undefined);
  assert.equal(verifyFraud(nobleCrypto, { first: first.bytes, second: first.bytes }), undefined);
  assert.equal(verifyFraud(nobleCrypto, fraudProof(first.bytes, describe(peer, NOW + EPOCH_MS).bytes)), undefined);
  assert.equal(verifyFraud(nobleCrypto, fraudProof(first.bytes, describe(openPeer(4), NOW).bytes)), undefined);
  const forged = second.bytes.slice();
  forged[70] = (forged[70] as number) ^ 1;
  assert.equal(verifyFraud(nobleCrypto, fraudProof(first.bytes, forged)), undefined);
});

test('prefixes: a /16 and a /32 in public, each ip and port for itself in private, none for a tab', () => {
  assert.deepEqual([...netPrefix(Uint8Array.of(93, 184, 216, 34))], [4, 93, 184]);
  assert.deepEqual([...netPrefix(Uint8Array.of(127, 0, 0, 1))], [4, 127, 0]);
  assert.equal(isPrivateIp(Uint8Array.of(172, 31, 0, 1)), true);
  assert.equal(isPrivateIp(Uint8Array.of(172, 32, 0, 1)), false);
  assert.equal(netGroup(tabPeer(1, []).content.addresses), undefined);
  assert.equal(netGroup([websocketAt([1, 2, 3, 4]), websocketAt([5, 6, 7, 8])]), '040102', 'what is listed besides makes nobody related');
  assert.equal(websocketUrl(websocketAt([1, 2, 3, 4], 8443) as PeerAddress & { kind: 'websocket' }), 'wss://1.2.3.4:8443');
  assert.equal(
    websocketUrl(websocketAt([0x20, 1, 0xd, 0xb8, ...new Array(11).fill(0), 1]) as PeerAddress & { kind: 'websocket' }),
    'wss://[2001:db8:0:0:0:0:0:1]:443',
  );
});
