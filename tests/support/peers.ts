import { hex, type PeerId } from '../../src/core/bytes/index.ts';
import { nodeCrypto } from '../../src/adapters/node-crypto.ts';
import { type Identity, identityFromSeed, peerIdOf } from '../../src/core/crypto/index.ts';
import type { CryptoPort } from '../../src/core/ports.ts';
import { type Descriptor, type DescriptorContent, epochAt, signDescriptor } from '../../src/core/wire/descriptor.ts';
import type { PeerAddress } from '../../src/core/wire/peer-address.ts';
import { ROLE } from '../../src/core/wire/registry.ts';
import { seededRandom } from '../../src/sim/random.ts';

/** A peer made up for a test: its keys and what it says about itself. */
export interface TestPeer {
  readonly identity: Identity;
  readonly id: PeerId;
  content: DescriptorContent;
}

/** `seed` decides all keys; onion keys are random bytes, which suffices where no circuit is built. */
export function testPeer(seed: string, content: Partial<DescriptorContent> = {}): TestPeer {
  const random = seededRandom(`peer ${seed}`);
  const identity = identityFromSeed(nodeCrypto, random(32));
  const id = peerIdOf(identity.publicKey);
  const base = { id, epoch: 0, onionX25519: random(32), onionKem: random(1184), setupEffort: 0, roles: 0, operator: '', software: 'test' };
  return { identity, id, content: { ...base, addresses: [], links: [], extension: new Uint8Array(0), ...content } };
}

export function websocketAt(ip: readonly number[], port = 443): PeerAddress {
  return { kind: 'websocket', ip: Uint8Array.from(ip), port, tls: true, host: '' };
}

/** An open, stable store peer; each `index` has a /16 of its own, of public addresses. */
export function openPeer(index: number, content: Partial<DescriptorContent> = {}): TestPeer {
  const roles = ROLE.open | ROLE.stable | ROLE.store | ROLE.rendezvous;
  return testPeer(`open ${index}`, { roles, addresses: [websocketAt(prefixOf(index))], ...content });
}

function prefixOf(index: number): number[] {
  return [11 + (index % 80), Math.floor(index / 80) % 256, 1 + Math.floor(index / 20480), 7];
}

export function tabPeer(index: number, links: readonly PeerId[]): TestPeer {
  return testPeer(`tab ${index}`, { addresses: [{ kind: 'mesh' }], links });
}

export function describe(peer: TestPeer, nowMs: number, changes: Partial<DescriptorContent> = {}): Descriptor {
  return signDescriptor(nodeCrypto, peer.identity, { ...peer.content, epoch: epochAt(nowMs), ...changes });
}

/** @noble's primitives, but a signature that was verified once is not verified again: many peers in one process check the same. */
export function rememberingCrypto(): CryptoPort {
  const verified = new Map<string, boolean>();
  return {
    ...nodeCrypto,
    ed25519Verify(publicKey, message, signature) {
      const key = `${hex(signature)}${hex(publicKey)}${hex(nodeCrypto.sha256(message))}`;
      let result = verified.get(key);
      if (result === undefined) verified.set(key, (result = nodeCrypto.ed25519Verify(publicKey, message, signature)));
      return result;
    },
  };
}
