import { equal } from '../bytes/bytes.ts';
import type { Env } from '../env.ts';
import type { Identity } from '../crypto/identity.ts';
import { type Manifest, signManifest, type VerifiedManifest } from '../wire/manifest.ts';

/** What an author wants to publish, without what follows from the version before. */
export type PackContent = Pick<Manifest, 'type' | 'title' | 'tags' | 'references' | 'files' | 'infoHash'>;

/**
 * The next version of a pack: the one before itself when nothing has changed, so that publishing the same folder twice
 * makes no version; otherwise its serial and one.
 */
export function nextVersion(
  env: Pick<Env, 'now' | 'crypto'>,
  author: Identity,
  content: PackContent,
  before: VerifiedManifest | undefined,
): { manifest: VerifiedManifest; changed: boolean } {
  const draft = signManifest(env.crypto, author, {
    ...content,
    serial: before?.serial ?? 1,
    previous: before?.previous,
    createdMs: before?.createdMs ?? env.now(),
  });
  if (!before) return { manifest: draft, changed: true };
  if (equal(draft.hash, before.hash)) return { manifest: before, changed: false };
  const manifest = signManifest(env.crypto, author, { ...content, serial: before.serial + 1, previous: before.hash, createdMs: env.now() });
  return { manifest, changed: true };
}
