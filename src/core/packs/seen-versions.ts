import { base32 } from '../bytes/base32.ts';
import { equal } from '../bytes/bytes.ts';
import type { PackType, VerifiedManifest } from '../wire/manifest.ts';
import { MismatchError } from '../wire/mismatch.ts';
import type { PackRecords, SeenVersion } from './pack-records.ts';

/** Of these the newest version stands for all; posts and comments of one author stand beside each other. */
const REPLACING: ReadonlySet<PackType> = new Set<PackType>(['site', 'profile', 'software']);
/** An author whose key is in many hands must not fill the record. */
const RIVALS_MAX = 8;

/** The newest version that was ever seen here of each author's packs, kept or not: versions only grow, and one serial names one manifest. */
export class SeenVersions {
  constructor(private readonly records: PackRecords) {}

  /** @throws MismatchError `rollback` for a serial below the one seen, `conflict` for a second manifest with it. */
  async compare(manifest: VerifiedManifest): Promise<void> {
    const { author, type, serial, hash } = manifest;
    const seen = REPLACING.has(type) ? await this.of(author, type) : undefined;
    if (!seen || serial > seen.serial) return;
    if (serial < seen.serial) {
      throw new MismatchError(
        { part: 'rollback', wanted: String(seen.serial), got: String(serial) },
        `this is version ${serial}; version ${seen.serial} was seen here before, and versions only grow`,
      );
    }
    if (equal(hash, seen.hash)) return;
    if (!seen.rivals.some((rival) => equal(rival, hash)) && seen.rivals.length < RIVALS_MAX) {
      await this.records.setSeen(author, type, { ...seen, rivals: [...seen.rivals, hash] });
    }
    throw new MismatchError(
      { part: 'conflict', wanted: base32(seen.hash), got: base32(hash) },
      `two different packs are signed as version ${seen.serial}: the key is used in two places, or in two hands`,
    );
  }

  /** Of a version that `compare` has let pass, and that is new here. */
  async note({ author, type, serial, hash }: VerifiedManifest): Promise<void> {
    if (REPLACING.has(type)) await this.records.setSeen(author, type, { serial, hash, rivals: [] });
  }

  of(author: Uint8Array, type: PackType): Promise<SeenVersion | undefined> {
    return this.records.seen(author, type);
  }

  /** Hashes of all manifests signed with the newest serial, when there is more than one: the first seen comes first. */
  async conflict(author: Uint8Array, type: PackType): Promise<Uint8Array[]> {
    const seen = await this.of(author, type);
    return seen && seen.rivals.length > 0 ? [seen.hash, ...seen.rivals] : [];
  }
}
