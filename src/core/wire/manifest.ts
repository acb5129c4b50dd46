import { decode, encode, rfc8949EncodeOptions } from 'cborg';
import { base32 } from '../bytes/base32.ts';
import { compare, concat, equal } from '../bytes/bytes.ts';
import { DecodeError } from '../bytes/errors.ts';
import { labelled } from '../crypto/derive.ts';
import type { Identity } from '../crypto/identity.ts';
import type { CryptoPort } from '../ports.ts';
import { MANIFEST_MAX_BYTES, SIGNATURE_BYTES } from './geometry.ts';
import { checkManifest } from './manifest-check.ts';
import { type Manifest, MANIFEST_VERSION, type VerifiedManifest } from './manifest-types.ts';
import { MismatchError } from './mismatch.ts';
import { LABEL } from './registry.ts';

export * from './manifest-types.ts';

/**
 * A signed manifest: the table of a pack.
 *
 *   signature  64  Ed25519 by the author over labelled('gnet/1 manifest', SHA-256(body))
 *   body           deterministic CBOR (RFC 8949 § 4.2.1), one map:
 *
 *     v           1
 *     key         the author's Ed25519 key, 32 bytes
 *     type        one of PACK_TYPES
 *     serial      from 1; grows with each version
 *     prev        hash of the manifest before, 32 bytes, or null
 *     title       text
 *     tags        [text]
 *     refs        [[relation, author key 32, manifest hash 32 or null]]
 *     files       [[path, size, media type, SHA-256 of the whole 32, chunk hashes 32 each in one byte string]], by path in order of its UTF-8
 *     info        info-hash of the torrent, 20 or 32 bytes, or null
 *     created     ms since 1970
 *
 * The manifest's hash is SHA-256(body). A file of at most CHUNK_BYTES has no chunk hashes: its one chunk's hash is the file's.
 */
function encodeBody(manifest: Manifest): Uint8Array {
  const body = {
    v: MANIFEST_VERSION,
    key: manifest.author,
    type: manifest.type,
    serial: manifest.serial,
    prev: manifest.previous ?? null,
    title: manifest.title,
    tags: manifest.tags,
    refs: manifest.references.map(({ relation, author, manifestHash }) => [relation, author, manifestHash ?? null]),
    files: manifest.files.map(({ path, sizeBytes, mediaType, hash, chunkHashes }) => [path, sizeBytes, mediaType, hash, chunkHashes]),
    info: manifest.infoHash ?? null,
    created: manifest.createdMs,
  };
  return encode(body, rfc8949EncodeOptions);
}

/** Puts the files in their order and signs. @throws DecodeError when a field is not what the spec allows, RangeError when it is too large. */
export function signManifest(crypto: CryptoPort, author: Identity, fields: Omit<Manifest, 'author'>): VerifiedManifest {
  const keyed = fields.files.map((file) => ({ file, key: new TextEncoder().encode(file.path) }));
  const files = keyed.sort((a, b) => compare(a.key, b.key)).map(({ file }) => file);
  const manifest: Manifest = { ...fields, files, author: author.publicKey };
  const body = encodeBody(manifest);
  checkManifest(decodeBody(body));
  if (body.length + SIGNATURE_BYTES > MANIFEST_MAX_BYTES)
    throw new RangeError(`manifest of ${body.length} bytes, at most ${MANIFEST_MAX_BYTES} are allowed`);
  const hash = crypto.sha256(body);
  const signature = crypto.ed25519Sign(author.seed, labelled(LABEL.manifest, hash));
  return { ...manifest, hash, bytes: concat(signature, body) } as VerifiedManifest;
}

/** What the map holds, nothing checked but that it is CBOR of the kinds we use. */
function decodeBody(body: Uint8Array): unknown {
  try {
    return decode(body, {
      strict: true,
      rejectDuplicateMapKeys: true,
      allowIndefinite: false,
      allowUndefined: false,
      allowInfinity: false,
      allowNaN: false,
      allowBigInt: false,
    });
  } catch (cause) {
    // RangeError too: arrays nested 100,000 deep exhaust the stack.
    throw new DecodeError('manifest', SIGNATURE_BYTES, cause instanceof Error ? cause.message : 'not CBOR');
  }
}

/**
 * @param wanted the author the address names and the hash that was asked for, where they are known.
 * @throws DecodeError when it is not a manifest; MismatchError (`manifest`, `author`, `signature`) when it is not the one wanted.
 */
export function verifyManifest(
  crypto: Pick<CryptoPort, 'sha256' | 'ed25519Verify'>,
  bytes: Uint8Array,
  wanted: { author?: Uint8Array; hash?: Uint8Array } = {},
): VerifiedManifest {
  if (bytes.length > MANIFEST_MAX_BYTES)
    throw new DecodeError('manifest', 0, `${bytes.length} bytes, at most ${MANIFEST_MAX_BYTES} are allowed`);
  if (bytes.length <= SIGNATURE_BYTES) throw new DecodeError('manifest', 0, `${bytes.length} bytes are no manifest`);
  const body = bytes.subarray(SIGNATURE_BYTES);
  const hash = crypto.sha256(body);
  if (wanted.hash && !equal(hash, wanted.hash)) {
    throw new MismatchError(
      { part: 'manifest', wanted: base32(wanted.hash), got: base32(hash) },
      'this is another manifest than the one asked for',
    );
  }
  const manifest = checkManifest(decodeBody(body));
  if (wanted.author && !equal(manifest.author, wanted.author)) {
    throw new MismatchError(
      { part: 'author', wanted: base32(wanted.author), got: base32(manifest.author) },
      'this manifest is by another author than the address names',
    );
  }
  if (!crypto.ed25519Verify(manifest.author, labelled(LABEL.manifest, hash), bytes.subarray(0, SIGNATURE_BYTES))) {
    throw new MismatchError(
      { part: 'signature', wanted: base32(manifest.author), got: 'another signature' },
      'the signature of this manifest does not match',
    );
  }
  // One content, one encoding: otherwise two hashes could name one manifest.
  if (!equal(encodeBody(manifest), body)) throw new DecodeError('manifest', SIGNATURE_BYTES, 'not in deterministic CBOR');
  return { ...manifest, hash, bytes } as VerifiedManifest;
}
