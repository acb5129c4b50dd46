import { equal } from '../bytes/bytes.ts';
import type { Env } from '../env.ts';
import type { Identity } from '../crypto/identity.ts';
import { type Manifest, signManifest, type VerifiedManifest } from '../wire/manifest.ts';

/** What an author wants to publish, without what follows from the version before. */
export type PackContent = Pick<Manifest, 'type' | 'title' | 'tags' | 'references' | 'files' | 'infoHash'>;

/**
 * The next version of a pack: the one before itself when nothing has changed, so that publishing the same folder twice
 * makes no version; otherwise its serial and one. Of a version that was lost, serial and hash are enough.
 */
export function nextVersion(
  env: Pick<Env, 'now' | 'crypto'>,
  author: Identity,
  content: PackContent,
  before: VerifiedManifest | { readonly serial: number; readonly hash: Uint8Array } | undefined,
): { manifest: VerifiedManifest; changed: boolean } {
  if (before && 'bytes' in before) {
    const { serial, previous, createdMs } = before;
    const unchanged = signManifest(env.crypto, author, { ...content, serial, previous, createdMs });
    if (equal(unchanged.hash, before.hash)) return { manifest: before, changed: false };
  }
  const next = { ...content, serial: (before?.serial ?? 0) + 1, previous: before?.hash, createdMs: env.now() };
  return { manifest: signManifest(env.crypto, author, next), changed: true };
}
