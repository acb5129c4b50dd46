import { compare, utf8 } from '../bytes/bytes.ts';
import { DecodeError } from '../bytes/errors.ts';
import { CONTROLS } from './characters.ts';
import {
  CHUNK_BYTES,
  HASH_BYTES,
  KEY_BYTES,
  MANIFEST_FILES_MAX,
  MANIFEST_REFERENCES_MAX,
  MANIFEST_TAGS_MAX,
  MEDIA_TYPE_MAX_BYTES,
  SIGNATURE_BYTES,
  TAG_TEXT_MAX_BYTES,
  TITLE_MAX_BYTES,
} from './geometry.ts';
import { type FileEntry, type Manifest, MANIFEST_VERSION, PACK_TYPES, type PackReference, RELATIONS } from './manifest-types.ts';
import { pathProblem } from './path.ts';

/** From CBOR's loose values to a `Manifest`: every field's kind and bounds, and the rules between fields. The layout is in manifest.ts. */

const FIELDS = ['v', 'key', 'type', 'serial', 'prev', 'title', 'tags', 'refs', 'files', 'info', 'created'];
// RFC 6838 names, parameters behind ';': printable ASCII only, for it goes into a response header.
const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*(?:; ?[\x20-\x7e]+)?$/;

function fail(problem: string): never {
  throw new DecodeError('manifest', SIGNATURE_BYTES, problem);
}

function bytesOf(value: unknown, lengths: readonly number[], field: string): Uint8Array {
  if (!(value instanceof Uint8Array) || !lengths.includes(value.length))
    fail(`${field} is not a byte string of ${lengths.join(' or ')} bytes`);
  return value;
}

function whole(value: unknown, least: number, field: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < least) fail(`${field} is not a whole number from ${least}`);
  return value as number;
}

function text(value: unknown, maxBytes: number, field: string): string {
  if (typeof value !== 'string') fail(`${field} is not text`);
  // Half the bytes at most are needed to see that it is too long.
  if (value.length > maxBytes || utf8(value).length > maxBytes) fail(`${field} is longer than ${maxBytes} bytes`);
  if (value.search(CONTROLS) >= 0) fail(`${field} holds a control character`);
  return value;
}

function list(value: unknown, max: number, field: string): unknown[] {
  if (!Array.isArray(value)) fail(`${field} is not a list`);
  if (value.length > max) fail(`${field} has ${value.length} entries, at most ${max} are allowed`);
  return value;
}

function row(value: unknown, lengthWanted: number, field: string): unknown[] {
  if (!Array.isArray(value) || value.length !== lengthWanted) fail(`an entry of ${field} does not have ${lengthWanted} fields`);
  return value;
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[], field: string): T {
  if (!allowed.includes(value as T)) fail(`${field} is none of ${allowed.join(', ')}`);
  return value as T;
}

function checkReference(value: unknown): PackReference {
  const [relation, author, hash] = row(value, 3, 'refs');
  return {
    relation: oneOf(relation, RELATIONS, 'relation'),
    author: bytesOf(author, [KEY_BYTES], 'key of a reference'),
    manifestHash: hash === null ? undefined : bytesOf(hash, [HASH_BYTES], 'hash of a reference'),
  };
}

function checkFile(value: unknown): FileEntry {
  const [path, size, mediaType, hash, chunks] = row(value, 5, 'files');
  if (typeof path !== 'string') fail('a path is not text');
  const problem = pathProblem(path);
  if (problem) fail(`path ${JSON.stringify(path.slice(0, 80))}: ${problem}`);
  const sizeBytes = whole(size, 0, 'size');
  const media = text(mediaType, MEDIA_TYPE_MAX_BYTES, 'media type');
  if (!MEDIA_TYPE.test(media)) fail(`'${media}' is not a media type`);
  const chunkHashesBytes = sizeBytes <= CHUNK_BYTES ? 0 : Math.ceil(sizeBytes / CHUNK_BYTES) * HASH_BYTES;
  return {
    path,
    sizeBytes,
    mediaType: media,
    hash: bytesOf(hash, [HASH_BYTES], 'hash of a file'),
    chunkHashes: bytesOf(chunks, [chunkHashesBytes], `chunk hashes of ${sizeBytes} bytes`),
  };
}

/** In strict order, and no file where another path has a folder: such a pack could not be unpacked. */
function checkPaths(files: readonly FileEntry[]): void {
  const paths = new Set<string>();
  let before: Uint8Array | undefined;
  for (const { path } of files) {
    const key = utf8(path);
    if (before && compare(before, key) >= 0) fail(`path '${path}' is out of order or there twice`);
    before = key;
    paths.add(path);
  }
  for (const { path } of files) {
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      if (paths.has(path.slice(0, slash))) fail(`'${path.slice(0, slash)}' is a file and a folder`);
    }
  }
}

/** @throws DecodeError naming the field. */
export function checkManifest(value: unknown): Manifest {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) fail('not a map');
  const map = value as Record<string, unknown>;
  const names = Object.keys(map);
  const strange = names.find((name) => !FIELDS.includes(name));
  if (strange !== undefined) fail(`unknown field '${strange.slice(0, 40)}'`);
  if (map['v'] !== MANIFEST_VERSION) fail(`version ${String(map['v'])}, wanted ${MANIFEST_VERSION}`);
  const files = list(map['files'], MANIFEST_FILES_MAX, 'files').map(checkFile);
  checkPaths(files);
  return {
    author: bytesOf(map['key'], [KEY_BYTES], 'key'),
    type: oneOf(map['type'], PACK_TYPES, 'type'),
    serial: whole(map['serial'], 1, 'serial'),
    previous: map['prev'] === null ? undefined : bytesOf(map['prev'], [HASH_BYTES], 'prev'),
    title: text(map['title'], TITLE_MAX_BYTES, 'title'),
    tags: list(map['tags'], MANIFEST_TAGS_MAX, 'tags').map((tag) => text(tag, TAG_TEXT_MAX_BYTES, 'tag')),
    references: list(map['refs'], MANIFEST_REFERENCES_MAX, 'refs').map(checkReference),
    files,
    infoHash: map['info'] === null ? undefined : bytesOf(map['info'], [20, HASH_BYTES], 'info'),
    createdMs: whole(map['created'], 0, 'created'),
  };
}
