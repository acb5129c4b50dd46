import { hex } from '../bytes/bytes.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import type { Brand } from '../bytes/brand.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { labelled } from '../crypto/derive.ts';
import type { CryptoPort } from '../ports.ts';
import { DHT_VALUE_MAX_BYTES, HASH_BYTES, KEY_BYTES, SIGNATURE_BYTES, WORK_BYTES } from './geometry.ts';
import { LABEL, VALUE } from './registry.ts';

/**
 * Values of the DHT, at most DHT_VALUE_MAX_BYTES, one encoding per content. Times are ms since 1970.
 *
 *   single-writer: kind 1 (VALUE), record 1 (RECORD), writer 32, slot 2, serial 8, expiry 8, payload 2 + n, signature 64
 *   bag entry:     kind 1, bag 32, writer 32, serial 8, expiry 8, effort 4, work 8, payload 2 + n, signature 64
 *
 * The signature is the writer's Ed25519 (which may be a blinded key) over labelled('gnet/1 dht value', all before).
 *
 *   key of a single-writer value = SHA-256(labelled('gnet/1 dht key', kind ‖ record ‖ writer)): nobody else can write it
 *   key of a bag                 = SHA-256(labelled('gnet/1 dht key', kind ‖ bag))
 *   work holds when the first 8 bytes of SHA-256(labelled('gnet/1 dht work', bag ‖ writer ‖ expiry ‖ work)), as a number,
 *   times effort, are below 2^64: `effort` hashes on average, paid once per entry and expiry, not per new serial.
 */
interface ValueContent {
  readonly writer: Uint8Array;
  /** The highest wins; 0 … 2^53. */
  readonly serial: number;
  readonly expiresAtMs: number;
  readonly payload: Uint8Array;
}

export interface SingleWriterContent extends ValueContent {
  readonly kind: 'singleWriter';
  /** RECORD: what the payload is. */
  readonly record: number;
  /** Hosts of one address write to slots of their own. */
  readonly slot: number;
}

export interface BagContent extends ValueContent {
  readonly kind: 'bag';
  /** 32 bytes that those who may know the bag derive alike. */
  readonly bag: Uint8Array;
  readonly effort: number;
  readonly work: Uint8Array;
}

/** Only `verifyValue` and `signValue` make one. */
export type DhtValue = Brand<
  (SingleWriterContent | BagContent) & {
    readonly bytes: Uint8Array;
    /** The DHT key, 32 bytes. */
    readonly key: Uint8Array;
    readonly hash: Uint8Array;
    /** Values of one key and one `place` replace each other: a slot's number, or a bag entry's writer. */
    readonly place: string;
  },
  'DhtValue'
>;

/** A writer signs with an ordinary or a blinded key; how is not our business. */
export type SignValue = (message: Uint8Array) => Uint8Array;

export function singleWriterKey(crypto: CryptoPort, record: number, writer: Uint8Array): Uint8Array {
  return crypto.sha256(labelled(LABEL.dhtKey, Uint8Array.of(VALUE.singleWriter, record), writer));
}

export function bagKey(crypto: CryptoPort, bag: Uint8Array): Uint8Array {
  return crypto.sha256(labelled(LABEL.dhtKey, Uint8Array.of(VALUE.bag), bag));
}

/** One try at the work of a bag entry. */
export function isWorkDone(crypto: CryptoPort, content: Pick<BagContent, 'bag' | 'writer' | 'expiresAtMs' | 'effort' | 'work'>): boolean {
  const expiry = new Writer(8).u64(content.expiresAtMs).done();
  const digest = crypto.sha256(labelled(LABEL.dhtWork, content.bag, content.writer, expiry, content.work));
  const first = new DataView(digest.buffer, digest.byteOffset, 8).getBigUint64(0);
  return first * BigInt(content.effort) < 1n << 64n;
}

function encodeUnsigned(content: SingleWriterContent | BagContent): Uint8Array {
  const writer = new Writer(512).u8(VALUE[content.kind]);
  if (content.kind === 'singleWriter')
    writer.u8(content.record).raw(content.writer).u16(content.slot).u64(content.serial).u64(content.expiresAtMs);
  else writer.raw(content.bag).raw(content.writer).u64(content.serial).u64(content.expiresAtMs).u32(content.effort).raw(content.work);
  return writer.bytes16(content.payload).done();
}

function readSingleWriter(reader: Reader): SingleWriterContent {
  const record = reader.u8('record');
  const writer = reader.raw(KEY_BYTES, 'writer');
  const slot = reader.u16('slot');
  const serial = reader.u64('serial');
  const expiresAtMs = reader.u64('expiry');
  return { kind: 'singleWriter', record, writer, slot, serial, expiresAtMs, payload: reader.bytes16(DHT_VALUE_MAX_BYTES, 'payload') };
}

function readBag(reader: Reader): BagContent {
  const bag = reader.raw(HASH_BYTES, 'bag');
  const writer = reader.raw(KEY_BYTES, 'writer');
  const serial = reader.u64('serial');
  const expiresAtMs = reader.u64('expiry');
  const effort = reader.u32('effort');
  const work = reader.raw(WORK_BYTES, 'work');
  return { kind: 'bag', bag, writer, serial, expiresAtMs, effort, work, payload: reader.bytes16(DHT_VALUE_MAX_BYTES, 'payload') };
}

/** What stands in the bytes; nothing is verified. @throws DecodeError */
export function decodeValue(bytes: Uint8Array): { content: SingleWriterContent | BagContent; signature: Uint8Array } {
  const reader = new Reader(bytes, 'dht value');
  if (bytes.length > DHT_VALUE_MAX_BYTES) reader.fail(`${bytes.length} bytes, at most ${DHT_VALUE_MAX_BYTES} are allowed`);
  const kind = reader.u8('kind');
  if (kind !== VALUE.singleWriter && kind !== VALUE.bag) reader.fail(`no value has the kind ${kind}`);
  const content = kind === VALUE.singleWriter ? readSingleWriter(reader) : readBag(reader);
  const signature = reader.raw(SIGNATURE_BYTES, 'signature');
  reader.end();
  return { content, signature };
}

function branded(crypto: CryptoPort, content: SingleWriterContent | BagContent, bytes: Uint8Array): DhtValue {
  const single = content.kind === 'singleWriter';
  const key = single ? singleWriterKey(crypto, content.record, content.writer) : bagKey(crypto, content.bag);
  const place = single ? String(content.slot) : hex(content.writer);
  return { ...content, bytes, key, place, hash: crypto.sha256(bytes) } as unknown as DhtValue;
}

/** @throws RangeError | DecodeError when the content breaks the layout's limits. */
export function signValue(crypto: CryptoPort, sign: SignValue, content: SingleWriterContent | BagContent): DhtValue {
  const unsigned = encodeUnsigned(content);
  const bytes = new Writer(unsigned.length + SIGNATURE_BYTES)
    .raw(unsigned)
    .raw(sign(labelled(LABEL.dhtValue, unsigned)))
    .done();
  return branded(crypto, decodeValue(bytes).content, bytes);
}

/**
 * The only way from bytes to a `DhtValue`; keeps a copy. Whether the work suffices for a peer is for that peer to say: here it
 * must be what the entry claims.
 * @throws DecodeError; GlobalNetError `unverified` (signature or work), `clock` (expired).
 */
export function verifyValue(crypto: CryptoPort, bytes: Uint8Array, nowMs: number): DhtValue {
  const own = bytes.slice();
  const { content, signature } = decodeValue(own);
  if (content.expiresAtMs <= nowMs) throw new GlobalNetError('clock', 'dht value: expired');
  if (content.kind === 'bag' && !isWorkDone(crypto, content)) throw new GlobalNetError('unverified', 'dht value: its work is not done');
  const signed = labelled(LABEL.dhtValue, own.subarray(0, own.length - SIGNATURE_BYTES));
  if (!crypto.ed25519Verify(content.writer, signed, signature))
    throw new GlobalNetError('unverified', 'dht value: not signed by its writer');
  return branded(crypto, content, own);
}
