import { equal } from '../bytes/bytes.ts';
import { base32 } from '../bytes/base32.ts';
import type { Brand } from '../bytes/brand.ts';
import { DecodeError } from '../bytes/errors.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { deriveKeys32, labelled } from '../crypto/derive.ts';
import type { Env } from '../env.ts';
import type { CryptoPort } from '../ports.ts';
import { HASH_BYTES, HEAD_BYTES, HEAD_SALT_BYTES, KEY_BYTES, SEALED_HEAD_BYTES, SIGNATURE_BYTES } from './geometry.ts';
import { MismatchError } from './mismatch.ts';
import { LABEL } from './registry.ts';

/**
 * A head: which manifest of a site is the newest in one period.
 *
 *   key            32  the Ed25519 key that signs: the author's, or one derived from it for the period
 *   period          4
 *   serial          8  the manifest's serial, from 1
 *   manifest hash  32
 *   signature      64  over labelled('gnet/1 head', the 76 bytes before it)
 */
export interface Head {
  readonly key: Uint8Array;
  /** Number of the period in which it holds, as the dated keys count them. */
  readonly period: number;
  readonly serial: number;
  readonly manifestHash: Uint8Array;
}

export type VerifiedHead = Brand<Head & { readonly bytes: Uint8Array }, 'VerifiedHead'>;

/** @param sign signs the message with the secret of `head.key`; a dated key has no seed, hence a function. */
export function encodeHead(head: Head, sign: (message: Uint8Array) => Uint8Array): Uint8Array {
  if (head.key.length !== KEY_BYTES || head.manifestHash.length !== HASH_BYTES)
    throw new RangeError('head: key and manifest hash are 32 bytes each');
  if (!Number.isSafeInteger(head.serial) || head.serial < 1) throw new RangeError(`head: serial ${head.serial}, wanted 1 to 2^53`);
  const writer = new Writer(HEAD_BYTES).raw(head.key).u32(head.period).u64(head.serial).raw(head.manifestHash);
  const content = writer.done();
  return writer.raw(sign(labelled(LABEL.head, content))).done();
}

/**
 * @param wanted the key that must have signed, and the period it must be for.
 * @throws DecodeError | MismatchError (`signature`, `author`).
 */
export function verifyHead(
  crypto: Pick<CryptoPort, 'ed25519Verify'>,
  bytes: Uint8Array,
  wanted: { key: Uint8Array; period?: number },
): VerifiedHead {
  const reader = new Reader(bytes, 'head');
  const key = reader.raw(KEY_BYTES, 'key');
  const period = reader.u32('period');
  const serial = reader.u64('serial');
  const manifestHash = reader.raw(HASH_BYTES, 'manifest hash');
  const signature = reader.raw(SIGNATURE_BYTES, 'signature');
  reader.end();
  if (serial < 1) throw new DecodeError('head', KEY_BYTES + 4, 'serial 0');
  if (!equal(key, wanted.key)) {
    throw new MismatchError(
      { part: 'author', wanted: base32(wanted.key), got: base32(key) },
      'this head was signed by another key than the one asked for',
    );
  }
  if (wanted.period !== undefined && wanted.period !== period)
    throw new DecodeError('head', KEY_BYTES, `period ${period}, wanted ${wanted.period}`);
  if (!crypto.ed25519Verify(key, labelled(LABEL.head, bytes.subarray(0, HEAD_BYTES - SIGNATURE_BYTES)), signature)) {
    throw new MismatchError(
      { part: 'signature', wanted: base32(key), got: 'another signature' },
      'the signature of this head does not match',
    );
  }
  return { key, period, serial, manifestHash, bytes } as VerifiedHead;
}

/** The period that it says it is for, of a head still to be verified. @throws DecodeError. */
export function periodOfHead(bytes: Uint8Array): number {
  if (bytes.length !== HEAD_BYTES) throw new DecodeError('head', 0, `${bytes.length} bytes, wanted ${HEAD_BYTES}`);
  return new Reader(bytes.subarray(KEY_BYTES), 'head').u32('period');
}

/**
 * A head as it lies in the DHT, sealed to those who know the address, so that no storing peer sees which manifest it names, nor by
 * that which of yesterday's heads it follows:
 *
 *   salt        16
 *   ciphertext  HEAD_BYTES   ChaCha20-Poly1305, counter 0, AAD the dated key
 *   tag         16
 *
 * key = HKDF(author key, info = 'gnet/1 head key' ‖ period 4 ‖ salt)
 */
export function sealHead(env: Pick<Env, 'random' | 'crypto'>, author: Uint8Array, head: VerifiedHead): Uint8Array {
  const sealed = new Uint8Array(SEALED_HEAD_BYTES);
  sealed.set(env.random(HEAD_SALT_BYTES));
  const salt = sealed.subarray(0, HEAD_SALT_BYTES);
  const text = sealed.subarray(HEAD_SALT_BYTES, HEAD_SALT_BYTES + HEAD_BYTES);
  env.crypto.aead.seal(headKey(author, head.period, salt), 0, head.bytes, head.key, text, sealed.subarray(HEAD_SALT_BYTES + HEAD_BYTES));
  return sealed;
}

/** The bytes of a head, still to be verified; undefined when they were not sealed for this author, key and period. */
export function openHead(
  crypto: Pick<CryptoPort, 'aead'>,
  author: Uint8Array,
  key: Uint8Array,
  period: number,
  sealed: Uint8Array,
): Uint8Array | undefined {
  if (sealed.length !== SEALED_HEAD_BYTES) return undefined;
  const head = new Uint8Array(HEAD_BYTES);
  const text = sealed.subarray(HEAD_SALT_BYTES, HEAD_SALT_BYTES + HEAD_BYTES);
  const secret = headKey(author, period, sealed.subarray(0, HEAD_SALT_BYTES));
  return crypto.aead.open(secret, 0, text, key, head, sealed.subarray(HEAD_SALT_BYTES + HEAD_BYTES)) ? head : undefined;
}

function headKey(author: Uint8Array, period: number, salt: Uint8Array): Uint8Array {
  return deriveKeys32(LABEL.headKey, author, [new Writer(4).u32(period).done(), salt], 1)[0] as Uint8Array;
}
