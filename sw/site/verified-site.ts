import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { equal } from '../../src/core/bytes/bytes.ts';
import { base32 } from '../../src/core/bytes/base32.ts';
import { nobleCrypto } from '../../src/core/crypto/noble.ts';
import { CHUNK_BYTES } from '../../src/core/wire/geometry.ts';
import { chunkHash, chunkSizeBytes, type FileEntry, type VerifiedManifest, verifyManifest } from '../../src/core/wire/manifest.ts';
import { MismatchError } from '../../src/core/wire/mismatch.ts';
import { checkChunk } from '../../src/core/packs/digest.ts';
import { PathTable } from '../../src/core/packs/resolve-path.ts';
import type { SitePeer } from './site-peer.ts';

const sha256 = async (bytes: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as BufferSource));

/** One version of a site, its signature checked against the address. */
export interface SiteVersion {
  readonly manifest: VerifiedManifest;
  readonly paths: PathTable;
}

/** A site as the peer serves it, believed only as far as the author's key reaches. */
export class VerifiedSite {
  #version: SiteVersion | undefined;

  constructor(
    readonly authorKey: Uint8Array,
    readonly peer: SitePeer,
  ) {}

  /**
   * The newest version the peer has; asked at each page, so that a page and its pictures may differ in version but never in author.
   * `live`: no version, a live service answers here.
   * @throws MismatchError when it is not signed by the address's key, or older than one shown before; GlobalNetError as the peer says, and
   * `unverified` when what was signed before is now not.
   */
  async newest(): Promise<SiteVersion | 'live'> {
    const held = this.#version;
    const bytes = await this.peer.manifest(held && base32(held.manifest.hash));
    if (bytes === 'live') {
      if (held !== undefined)
        throw new GlobalNetError('unverified', 'What came from this address was signed by its author, and now is not.');
      return bytes;
    }
    if (bytes === undefined && held !== undefined) return held;
    const manifest = verifyManifest(nobleCrypto, bytes ?? new Uint8Array(0), { author: this.authorKey });
    if (held !== undefined) refuseOlder(manifest, held.manifest);
    this.#version = { manifest, paths: new PathTable(manifest) };
    return this.#version;
  }

  /** The version that the page in the frame came from. */
  async current(): Promise<SiteVersion | 'live'> {
    return this.#version ?? this.newest();
  }

  /** `lengthBytes` from `offset`, in order, each chunk's length and hash checked before its first byte is given out.
   * @throws MismatchError naming file and chunk; GlobalNetError as the peer says. */
  async *read({ manifest }: SiteVersion, file: FileEntry, offset: number, lengthBytes: number): AsyncGenerator<Uint8Array> {
    if (lengthBytes === 0) return;
    const firstChunk = Math.floor(offset / CHUNK_BYTES);
    const endChunk = Math.ceil((offset + lengthBytes) / CHUNK_BYTES);
    let index = firstChunk;
    for await (const chunk of this.peer.chunks(base32(manifest.hash), file.path, firstChunk, endChunk)) {
      const where = { path: file.path, chunkIndex: index };
      if (chunk.length !== chunkSizeBytes(file, index)) throw wrongLength(where, chunkSizeBytes(file, index), chunk.length);
      await checkChunk(sha256, chunkHash(file, index), chunk, where);
      const start = index * CHUNK_BYTES;
      yield chunk.subarray(Math.max(0, offset - start), Math.min(chunk.length, offset + lengthBytes - start));
      index++;
    }
  }
}

function refuseOlder(manifest: VerifiedManifest, held: VerifiedManifest): void {
  if (manifest.serial < held.serial) {
    throw new MismatchError(
      { part: 'rollback', wanted: String(held.serial), got: String(manifest.serial) },
      'An older version came than the one shown before.',
    );
  }
  if (manifest.serial === held.serial && !equal(manifest.hash, held.hash)) {
    throw new MismatchError(
      { part: 'conflict', wanted: base32(held.hash), got: base32(manifest.hash) },
      `The author signed two different versions with the serial ${held.serial}.`,
    );
  }
}

function wrongLength(where: { path: string; chunkIndex: number }, wanted: number, got: number): MismatchError {
  return new MismatchError(
    { part: 'chunk', ...where, wanted: `${wanted} bytes`, got: `${got} bytes` },
    `'${where.path}', chunk ${where.chunkIndex}: it is not as long as its author signed`,
  );
}
