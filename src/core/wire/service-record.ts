import type { PeerId } from '../bytes/brand.ts';
import { concat } from '../bytes/bytes.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { labelled } from '../crypto/derive.ts';
import { peerIdBytes, peerIdOf } from '../crypto/identity.ts';
import {
  HASH_BYTES,
  HELLO_KEY_ID_BYTES,
  KEM_PUBLIC_BYTES,
  KEY_BYTES,
  PEER_ID_BYTES,
  RENDEZVOUS_TAG_BYTES,
  SERVICE_AUTHORISATION_BYTES,
  SERVICE_POINT_BYTES,
  SERVICE_POINTS_MAX,
  SERVICE_RECORD_BYTES,
  SERVICE_RECORD_CONTENT_BYTES,
  SERVICE_RECORD_SALT_BYTES,
  SERVICE_RECORD_SIGNED_BYTES,
  SIGNATURE_BYTES,
  TAG_BYTES,
} from './geometry.ts';
import { LABEL, SERVICE_RECORD_VERSION } from './registry.ts';

/**
 * A service record: the payload of a single-writer value under a dated key. One length.
 *
 *   salt         16   random
 *   sealed       SERVICE_RECORD_CONTENT_BYTES
 *   tag          16
 *
 * Sealed:
 *
 *   version       1   SERVICE_RECORD_VERSION
 *   flags         1   0
 *   points        1   0 to SERVICE_POINTS_MAX
 *   reserved      1   0
 *   effort        4   work that points ask of a visitor; 0 at rest
 *   fresh until   8   s since 1970; afterwards look the record up again
 *   key id        8   random name of this generation of hello keys
 *   hello X25519 32
 *   hello KEM  1184   ML-KEM-768
 *   points     6×96   peer id 32, descriptor hash 32, rendezvous tag 32; unused places zero
 *   authorisation     SERVICE_AUTHORISATION_BYTES, random
 *   signature    64   by the dated key, over label ‖ period 8 ‖ serial 8 ‖ slot 4 ‖ all of the above
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

/** All of a record's contents but the signature; `authorisation` is SERVICE_AUTHORISATION_BYTES. */
export function encodeServiceRecord(record: ServiceRecord, authorisation: Uint8Array): Uint8Array {
  if (record.points.length > SERVICE_POINTS_MAX) throw new RangeError(`${record.points.length} points, ${SERVICE_POINTS_MAX} fit`);
  if (authorisation.length !== SERVICE_AUTHORISATION_BYTES) throw new RangeError('authorisation has one length');
  const out = new Writer(SERVICE_RECORD_SIGNED_BYTES);
  out.u8(SERVICE_RECORD_VERSION).u8(0).u8(record.points.length).u8(0);
  out.u32(record.effort).u64(Math.floor(record.freshUntilMs / 1000));
  out.raw(record.keys.keyId).raw(record.keys.x25519).raw(record.keys.kem);
  for (const point of record.points) out.raw(peerIdBytes(point.peer)).raw(point.descriptorHash).raw(point.tag);
  out.raw(new Uint8Array((SERVICE_POINTS_MAX - record.points.length) * SERVICE_POINT_BYTES));
  return out.raw(authorisation).done();
}

/** What the dated key signs. */
export function serviceRecordMessage(place: ServiceRecordPlace, content: Uint8Array): Uint8Array {
  return labelled(LABEL.serviceRecord, encodeRecordPlace(place), content);
}

export interface SignedServiceRecord {
  readonly record: ServiceRecord;
  /** What was signed, without label and place. */
  readonly content: Uint8Array;
  readonly signature: Uint8Array;
}

/** Copies what it keeps. @throws DecodeError. */
export function decodeServiceRecord(bytes: Uint8Array): SignedServiceRecord {
  const reader = new Reader(bytes, 'service record');
  const version = reader.u8('version');
  if (version !== SERVICE_RECORD_VERSION) reader.fail(`version ${version}, this peer knows ${SERVICE_RECORD_VERSION}`);
  reader.u8('flags');
  const count = reader.u8('points');
  if (count > SERVICE_POINTS_MAX) reader.fail(`${count} points, at most ${SERVICE_POINTS_MAX} fit`);
  reader.u8('reserved');
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
  reader.raw(SERVICE_AUTHORISATION_BYTES, 'authorisation');
  const signature = reader.raw(SIGNATURE_BYTES, 'signature').slice();
  reader.end();
  return { record: { effort, freshUntilMs, keys, points }, content: bytes.subarray(0, SERVICE_RECORD_SIGNED_BYTES), signature };
}

function readPoint(reader: Reader): ServicePoint {
  return {
    peer: peerIdOf(reader.raw(PEER_ID_BYTES, 'point')),
    descriptorHash: reader.raw(HASH_BYTES, 'descriptor hash').slice(),
    tag: reader.raw(RENDEZVOUS_TAG_BYTES, 'rendezvous tag').slice(),
  };
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
