import { compare, equal } from '../bytes/bytes.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import type { Brand, PeerId } from '../bytes/brand.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { labelled } from '../crypto/derive.ts';
import { type Identity, peerIdBytes, peerIdOf } from '../crypto/identity.ts';
import type { CryptoPort } from '../ports.ts';
import { netGroup, type PeerAddress, readAddress, writeAddress } from './peer-address.ts';
import {
  DESCRIPTOR_ADDRESSES_MAX,
  DESCRIPTOR_EXTENSION_MAX_BYTES,
  DESCRIPTOR_LINKS_MAX,
  DESCRIPTOR_MAX_BYTES,
  DESCRIPTOR_TAG_MAX_BYTES,
  KEM_PUBLIC_BYTES,
  KEY_BYTES,
  PEER_ID_BYTES,
  SIGNATURE_BYTES,
} from './geometry.ts';
import { CLOCK_SKEW_MS, DESCRIPTOR_EPOCHS, EPOCH_MS, LABEL, ROLE } from './registry.ts';

/**
 * A peer's descriptor, at most DESCRIPTOR_MAX_BYTES; one per peer and epoch, one encoding per content.
 *
 *   format       1      1
 *   id           32     Ed25519 key
 *   epoch        4      floor(ms since 1970 / EPOCH_MS); the times of validity follow from it
 *   onion key    32     X25519
 *   onion KEM    1,184  ML-KEM-768
 *   effort       4      work a setup packet must bring; 0 at rest
 *   roles        2      ROLE bits; unknown bits are kept
 *   operator     1 + n  printable ASCII, at most 32; empty: none given
 *   software     1 + n  the same
 *   addresses    1 + …  count, then each as peer-address.ts says
 *   links        1 + …  count, then the ids of open peers it holds links to, ascending; guard links are never among them
 *   extension    2 + n  items as exit.ts says; signed and kept, whatever it holds
 *   signature    64     Ed25519 over labelled('gnet/1 descriptor', all before)
 */
export interface DescriptorContent {
  readonly id: PeerId;
  readonly epoch: number;
  readonly onionX25519: Uint8Array;
  readonly onionKem: Uint8Array;
  readonly setupEffort: number;
  /** ROLE bits. */
  readonly roles: number;
  readonly operator: string;
  readonly software: string;
  readonly addresses: readonly PeerAddress[];
  readonly links: readonly PeerId[];
  readonly extension: Uint8Array;
}

/** Only `verifyDescriptor` and `signDescriptor` make one. */
export type Descriptor = Brand<
  DescriptorContent & {
    /** The whole as it goes on the wire, signature included. */
    readonly bytes: Uint8Array;
    /** SHA-256 of `bytes`: bound into circuit keys. */
    readonly hash: Uint8Array;
    readonly validFromMs: number;
    readonly validUntilMs: number;
    /** Prefix of its first address; undefined for a tab. */
    readonly netGroup: string | undefined;
  },
  'Descriptor'
>;

const FORMAT = 1;
const PRINTABLE = /^[\x20-\x7e]*$/;

export function epochAt(nowMs: number): number {
  return Math.floor(nowMs / EPOCH_MS);
}

export function epochStartMs(epoch: number): number {
  return epoch * EPOCH_MS;
}

export function hasRole(descriptor: Pick<DescriptorContent, 'roles'>, roles: number): boolean {
  return (descriptor.roles & roles) === roles;
}

function writeTag(writer: Writer, text: string, field: string): void {
  if (text.length > DESCRIPTOR_TAG_MAX_BYTES || !PRINTABLE.test(text))
    throw new RangeError(`${field}: at most ${DESCRIPTOR_TAG_MAX_BYTES} printable ASCII characters`);
  writer.u8(text.length).raw(Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
}

function readTag(reader: Reader, field: string): string {
  const lengthBytes = reader.u8(field);
  if (lengthBytes > DESCRIPTOR_TAG_MAX_BYTES)
    reader.fail(`${field} is ${lengthBytes} bytes, at most ${DESCRIPTOR_TAG_MAX_BYTES} are allowed`);
  const text = String.fromCharCode(...reader.raw(lengthBytes, field));
  return PRINTABLE.test(text) ? text : reader.fail(`${field} is not printable ASCII`);
}

function sortedLinks(links: readonly PeerId[]): Uint8Array[] {
  return links.map(peerIdBytes).sort(compare);
}

function encodeUnsigned(content: DescriptorContent): Uint8Array {
  const writer = new Writer(2048).u8(FORMAT).raw(peerIdBytes(content.id)).u32(content.epoch);
  writer.raw(content.onionX25519).raw(content.onionKem).u32(content.setupEffort).u16(content.roles);
  writeTag(writer, content.operator, 'operator');
  writeTag(writer, content.software, 'software');
  writer.u8(content.addresses.length);
  for (const address of content.addresses) writeAddress(writer, address);
  writer.u8(content.links.length);
  for (const link of sortedLinks(content.links)) writer.raw(link);
  return writer.bytes16(content.extension).done();
}

function readAddresses(reader: Reader): PeerAddress[] {
  const count = reader.u8('address count');
  if (count > DESCRIPTOR_ADDRESSES_MAX) reader.fail(`${count} addresses, at most ${DESCRIPTOR_ADDRESSES_MAX} are allowed`);
  return Array.from({ length: count }, () => readAddress(reader));
}

function readLinks(reader: Reader): PeerId[] {
  const count = reader.u8('link count');
  if (count > DESCRIPTOR_LINKS_MAX) reader.fail(`${count} links, at most ${DESCRIPTOR_LINKS_MAX} are allowed`);
  let last: Uint8Array | undefined;
  return Array.from({ length: count }, () => {
    const id = reader.raw(PEER_ID_BYTES, 'link');
    if (last !== undefined && compare(last, id) >= 0) reader.fail('links are not in ascending order');
    last = id;
    return peerIdOf(id);
  });
}

function checkRoles(reader: Reader, roles: number, addresses: readonly PeerAddress[]): void {
  const dialled = addresses[0];
  const open = (roles & ROLE.open) !== 0;
  // The first address of an open peer gives its place and its prefix, so it is the one that dialling proves.
  if (open && dialled?.kind !== 'websocket' && dialled?.kind !== 'direct')
    reader.fail('an open peer whose first address cannot be dialled');
  if (!open && (roles & ROLE.store) !== 0) reader.fail('a store peer that is not open');
}

/** What stands in the bytes; the signature and the times are not looked at. @throws DecodeError */
export function decodeDescriptor(bytes: Uint8Array): { content: DescriptorContent; signature: Uint8Array } {
  const reader = new Reader(bytes, 'descriptor');
  if (bytes.length > DESCRIPTOR_MAX_BYTES) reader.fail(`${bytes.length} bytes, at most ${DESCRIPTOR_MAX_BYTES} are allowed`);
  const format = reader.u8('format');
  if (format !== FORMAT) reader.fail(`format ${format}, wanted ${FORMAT}`);
  const id = peerIdOf(reader.raw(PEER_ID_BYTES, 'id'));
  const epoch = reader.u32('epoch');
  const onionX25519 = reader.raw(KEY_BYTES, 'onion key');
  const onionKem = reader.raw(KEM_PUBLIC_BYTES, 'onion KEM');
  const setupEffort = reader.u32('effort');
  const roles = reader.u16('roles');
  const operator = readTag(reader, 'operator');
  const software = readTag(reader, 'software');
  const addresses = readAddresses(reader);
  checkRoles(reader, roles, addresses);
  const links = readLinks(reader);
  const extension = reader.bytes16(DESCRIPTOR_EXTENSION_MAX_BYTES, 'extension');
  const signature = reader.raw(SIGNATURE_BYTES, 'signature');
  reader.end();
  return { content: { id, epoch, onionX25519, onionKem, setupEffort, roles, operator, software, addresses, links, extension }, signature };
}

function branded(crypto: CryptoPort, content: DescriptorContent, bytes: Uint8Array): Descriptor {
  const validFromMs = epochStartMs(content.epoch);
  const times = { validFromMs, validUntilMs: validFromMs + DESCRIPTOR_EPOCHS * EPOCH_MS };
  return { ...content, ...times, bytes, hash: crypto.sha256(bytes), netGroup: netGroup(content.addresses) } as unknown as Descriptor;
}

/** @throws RangeError | DecodeError when the content breaks the layout's limits (two equal links, too many), or `identity` is not `content.id`'s. */
export function signDescriptor(crypto: CryptoPort, identity: Identity, content: DescriptorContent): Descriptor {
  if (!equal(peerIdBytes(content.id), identity.publicKey)) throw new RangeError('a descriptor is signed by the peer it describes');
  const unsigned = encodeUnsigned(content);
  const bytes = new Writer(unsigned.length + SIGNATURE_BYTES)
    .raw(unsigned)
    .raw(crypto.ed25519Sign(identity.seed, labelled(LABEL.descriptor, unsigned)))
    .done();
  return branded(crypto, decodeDescriptor(bytes).content, bytes);
}

/** True while circuits may be built with its keys. */
export function isCurrent(descriptor: Pick<Descriptor, 'validFromMs' | 'validUntilMs'>, nowMs: number): boolean {
  return nowMs >= descriptor.validFromMs - CLOCK_SKEW_MS && nowMs < descriptor.validUntilMs;
}

/**
 * The only way from bytes to a `Descriptor`. Keeps a copy, not the bytes.
 * @throws DecodeError; GlobalNetError `unverified` (signature), `clock` (not valid at `nowMs`).
 */
export function verifyDescriptor(crypto: CryptoPort, bytes: Uint8Array, nowMs: number): Descriptor {
  const own = bytes.slice();
  const { content, signature } = decodeDescriptor(own);
  const descriptor = branded(crypto, content, own);
  if (!isCurrent(descriptor, nowMs))
    throw new GlobalNetError(
      'clock',
      `descriptor of epoch ${content.epoch}, now is epoch ${epochAt(nowMs)}: it has ended, or a clock is wrong`,
    );
  if (!isSignedBy(crypto, content.id, own, signature))
    throw new GlobalNetError('unverified', `descriptor of ${content.id} is not signed by it`);
  return descriptor;
}

function isSignedBy(crypto: CryptoPort, id: PeerId, bytes: Uint8Array, signature: Uint8Array): boolean {
  return crypto.ed25519Verify(peerIdBytes(id), labelled(LABEL.descriptor, bytes.subarray(0, bytes.length - SIGNATURE_BYTES)), signature);
}

/** Two descriptors that one peer signed for one epoch. `first` is the lower of the two byte strings. */
export interface FraudProof {
  readonly first: Uint8Array;
  readonly second: Uint8Array;
}

export function fraudProof(a: Uint8Array, b: Uint8Array): FraudProof {
  return compare(a, b) < 0 ? { first: a, second: b } : { first: b, second: a };
}

/** Whom the proof convicts; undefined when it proves nothing. At any time: a fraud does not expire. */
export function verifyFraud(crypto: CryptoPort, proof: FraudProof): PeerId | undefined {
  try {
    if (compare(proof.first, proof.second) >= 0) return undefined;
    const [first, second] = [decodeDescriptor(proof.first), decodeDescriptor(proof.second)];
    const { id, epoch } = first.content;
    if (second.content.id !== id || second.content.epoch !== epoch) return undefined;
    const both = isSignedBy(crypto, id, proof.first, first.signature) && isSignedBy(crypto, id, proof.second, second.signature);
    return both ? id : undefined;
  } catch {
    return undefined;
  }
}
