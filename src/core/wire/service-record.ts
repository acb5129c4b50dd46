import type { PeerId } from '../bytes/brand.ts';
import { concat } from '../bytes/bytes.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { labelled } from '../crypto/derive.ts';
import { peerIdBytes, peerIdOf } from '../crypto/identity.ts';
import {
  HASH_BYTES,
  HELLO_KEY_ID_BYTES,
  HOST_PART_BYTES,
  INVITATION_ENTRY_BYTES,
  INVITATIONS_MAX,
  KEM_PUBLIC_BYTES,
  KEY_BYTES,
  PEER_ID_BYTES,
  RENDEZVOUS_TAG_BYTES,
  SERVICE_BODY_BYTES,
  SERVICE_POINT_BYTES,
  SERVICE_POINTS_MAX,
  SERVICE_RECORD_BYTES,
  SERVICE_RECORD_CONTENT_BYTES,
  SERVICE_RECORD_HEADER_BYTES,
  SERVICE_RECORD_SALT_BYTES,
  SERVICE_RECORD_SIGNED_BYTES,
  SERVICE_RECORD_SPARE_BYTES,
  SIGNATURE_BYTES,
  TAG_BYTES,
} from './geometry.ts';
import { LABEL, SERVICE_RECORD_FLAG, SERVICE_RECORD_VERSION } from './registry.ts';

/**
 * A service record: the payload of a single-writer value under a dated key. One length.
 *
 *   salt         16   random
 *   sealed       SERVICE_RECORD_CONTENT_BYTES
 *   tag          16
 *
 * Sealed, for all who know the address:
 *
 *   version       1   SERVICE_RECORD_VERSION
 *   flags         1   SERVICE_RECORD_FLAG
 *   reserved     14   0
 *   host part    16   whose part of the address's record this is
 *   body              SERVICE_BODY_BYTES; with the flag `invited` sealed under a key of its own
 *   body tag     16   of that seal, else random
 *   entries   32×32   with the flag `invited` that key, masked for one invitation each; all others random
 *   spare             SERVICE_RECORD_SPARE_BYTES, random
 *   signature    64   by the dated key, over label ‖ period 8 ‖ serial 8 ‖ slot 4 ‖ all of the above
 *
 * Body:
 *
 *   points        1   0 to SERVICE_POINTS_MAX
 *   reserved      3   0
 *   effort        4   work that points ask of a visitor; 0 at rest
 *   fresh until   8   s since 1970; afterwards look the record up again
 *   key id        8   random name of this generation of hello keys
 *   hello X25519 32
 *   hello KEM  1184   ML-KEM-768
 *   points     6×96   peer id 32, descriptor hash 32, rendezvous tag 32; unused places zero
 */
export interface ServicePoint {
  readonly peer: PeerId;
  /** SHA-256 of the point's descriptor, 32 bytes. */
  readonly descriptorHash: Uint8Array;
  /** 32 bytes; what a visitor names at the point. */
  readonly tag: Uint8Array;
}

/** The public half of one generation of a service's hello keys. */
export interface HelloKeys {
  readonly keyId: Uint8Array;
  readonly x25519: Uint8Array;
  readonly kem: Uint8Array;
}

/** What a record's body says: all that a visitor needs. */
export interface ServiceRecord {
  readonly effort: number;
  /** Milliseconds since 1970, whole seconds. */
  readonly freshUntilMs: number;
  readonly keys: HelloKeys;
  readonly points: readonly ServicePoint[];
}

/** Where a record lies; part of what is signed and of the key that seals it. */
export interface ServiceRecordPlace {
  readonly period: number;
  readonly serial: number;
  readonly slot: number;
}

export function encodeRecordPlace(place: ServiceRecordPlace): Uint8Array {
  return new Writer(20).u64(place.period).u64(place.serial).u32(place.slot).done();
}

/** SERVICE_BODY_BYTES. */
export function encodeServiceBody(record: ServiceRecord): Uint8Array {
  if (record.points.length > SERVICE_POINTS_MAX) throw new RangeError(`${record.points.length} points, ${SERVICE_POINTS_MAX} fit`);
  const out = new Writer(SERVICE_BODY_BYTES);
  out.u8(record.points.length).raw(new Uint8Array(3));
  out.u32(record.effort).u64(Math.floor(record.freshUntilMs / 1000));
  out.raw(record.keys.keyId).raw(record.keys.x25519).raw(record.keys.kem);
  for (const point of record.points) out.raw(peerIdBytes(point.peer)).raw(point.descriptorHash).raw(point.tag);
  return out.raw(new Uint8Array((SERVICE_POINTS_MAX - record.points.length) * SERVICE_POINT_BYTES)).done();
}

/** Copies what it keeps. @throws DecodeError. */
export function decodeServiceBody(bytes: Uint8Array): ServiceRecord {
  const reader = new Reader(bytes, 'body of a service record');
  const count = reader.u8('points');
  if (count > SERVICE_POINTS_MAX) reader.fail(`${count} points, at most ${SERVICE_POINTS_MAX} fit`);
  reader.raw(3, 'reserved');
  const effort = reader.u32('effort');
  const freshUntilMs = reader.u64('fresh until') * 1000;
  if (!Number.isSafeInteger(freshUntilMs)) reader.fail('fresh until is no date');
  const keys = {
    keyId: reader.raw(HELLO_KEY_ID_BYTES, 'key id').slice(),
    x25519: reader.raw(KEY_BYTES, 'hello X25519').slice(),
    kem: reader.raw(KEM_PUBLIC_BYTES, 'hello KEM').slice(),
  };
  const points: ServicePoint[] = [];
  for (let i = 0; i < count; i++) points.push(readPoint(reader));
  reader.raw((SERVICE_POINTS_MAX - count) * SERVICE_POINT_BYTES, 'unused points');
  reader.end();
  return { effort, freshUntilMs, keys, points };
}

function readPoint(reader: Reader): ServicePoint {
  return {
    peer: peerIdOf(reader.raw(PEER_ID_BYTES, 'point')),
    descriptorHash: reader.raw(HASH_BYTES, 'descriptor hash').slice(),
    tag: reader.raw(RENDEZVOUS_TAG_BYTES, 'rendezvous tag').slice(),
  };
}

/** What everybody reads who knows the address. */
export interface RecordContent {
  /** The body is sealed for those who are invited. */
  readonly invited: boolean;
  /** HOST_PART_BYTES. */
  readonly hostPart: Uint8Array;
  readonly body: Uint8Array;
  readonly bodyTag: Uint8Array;
  /** INVITATIONS_MAX of INVITATION_ENTRY_BYTES. */
  readonly entries: readonly Uint8Array[];
}

/** All of a record's contents but the signature. `spare` is random, SERVICE_RECORD_SPARE_BYTES. */
export function encodeRecordContent({ invited, hostPart, body, bodyTag, entries }: RecordContent, spare: Uint8Array): Uint8Array {
  if (entries.length !== INVITATIONS_MAX) throw new RangeError(`${entries.length} entries, every record has ${INVITATIONS_MAX}`);
  const out = new Writer(SERVICE_RECORD_SIGNED_BYTES);
  out.u8(SERVICE_RECORD_VERSION).u8(invited ? SERVICE_RECORD_FLAG.invited : 0);
  out.raw(new Uint8Array(SERVICE_RECORD_HEADER_BYTES - HOST_PART_BYTES - out.length)).raw(hostPart);
  out.raw(body).raw(bodyTag);
  for (const entry of entries) out.raw(entry);
  out.raw(spare);
  if (out.length !== SERVICE_RECORD_SIGNED_BYTES) throw new RangeError(`a record of ${out.length} bytes`);
  return out.done();
}

/** What the dated key signs. */
export function serviceRecordMessage(place: ServiceRecordPlace, content: Uint8Array): Uint8Array {
  return labelled(LABEL.serviceRecord, encodeRecordPlace(place), content);
}

export interface SignedRecordContent extends RecordContent {
  /** What was signed, without label and place. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

/** Views of `bytes`. @throws DecodeError. */
export function decodeRecordContent(bytes: Uint8Array): SignedRecordContent {
  const reader = new Reader(bytes, 'service record');
  const version = reader.u8('version');
  if (version !== SERVICE_RECORD_VERSION) reader.fail(`version ${version}, this peer knows ${SERVICE_RECORD_VERSION}`);
  const invited = (reader.u8('flags') & SERVICE_RECORD_FLAG.invited) !== 0;
  reader.raw(SERVICE_RECORD_HEADER_BYTES - HOST_PART_BYTES - 2, 'reserved');
  const hostPart = reader.raw(HOST_PART_BYTES, 'host part');
  const body = reader.raw(SERVICE_BODY_BYTES, 'body');
  const bodyTag = reader.raw(TAG_BYTES, 'body tag');
  const entries: Uint8Array[] = [];
  for (let i = 0; i < INVITATIONS_MAX; i++) entries.push(reader.raw(INVITATION_ENTRY_BYTES, 'entry'));
  reader.raw(SERVICE_RECORD_SPARE_BYTES, 'spare');
  const signature = reader.raw(SIGNATURE_BYTES, 'signature');
  reader.end();
  return { invited, hostPart, body, bodyTag, entries, signed: bytes.subarray(0, SERVICE_RECORD_SIGNED_BYTES), signature };
}

export interface SealedServiceRecord {
  readonly salt: Uint8Array;
  readonly sealed: Uint8Array;
  readonly tag: Uint8Array;
}

export function encodeSealedRecord({ salt, sealed, tag }: SealedServiceRecord): Uint8Array {
  return concat(salt, sealed, tag);
}

/** Views of `payload`. @throws DecodeError unless it has the one length. */
export function decodeSealedRecord(payload: Uint8Array): SealedServiceRecord {
  const reader = new Reader(payload, 'sealed service record');
  if (payload.length !== SERVICE_RECORD_BYTES) reader.fail(`${payload.length} bytes, every record has ${SERVICE_RECORD_BYTES}`);
  return {
    salt: reader.raw(SERVICE_RECORD_SALT_BYTES, 'salt'),
    sealed: reader.raw(SERVICE_RECORD_CONTENT_BYTES, 'sealed'),
    tag: reader.raw(TAG_BYTES, 'tag'),
  };
}
