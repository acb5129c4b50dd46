import { equal } from '../bytes/bytes.ts';
import { chunkCount, type FileEntry, type VerifiedManifest } from '../wire/manifest.ts';
import type { OpenRequest } from '../wire/site.ts';
import { type ChunkKey, chunkPlace, type ChunkPlace, distinctChunks } from './chunk-place.ts';
import { PUSH_MAX_BYTES, SERVER_QUEUE_MAX } from './constants.ts';
import { PathTable } from './resolve-path.ts';

/**
 * What an `open` is answered with, beside the manifest: the chunks of its own file, and those of other files to push. The small
 * files first: styles and scripts hold a page up, and they are small.
 */
export function pushPlan(
  manifest: VerifiedManifest,
  request: OpenRequest,
  held: VerifiedManifest | undefined,
): { asked: ChunkPlace[]; pushed: ChunkPlace[] } {
  const file = new PathTable(manifest).resolve(request.path)?.entry;
  const heldKeys = new Set(held ? [...distinctChunks(held.files)].map((place) => place.key) : []);
  const asked = file ? askedOf(file, request).filter((place) => !(request.fileHeld && heldKeys.has(place.key))) : [];
  // A reader who holds this very version asks for what it lacks; nobody else knows what that is.
  if (held && equal(held.hash, manifest.hash)) return { asked, pushed: [] };
  const taken = new Set([...heldKeys, ...asked.map((place) => place.key)]);
  return { asked, pushed: fill(manifest, Math.min(request.pushBytes, PUSH_MAX_BYTES), taken) };
}

function askedOf(file: FileEntry, { firstChunk, chunks }: OpenRequest): ChunkPlace[] {
  const end = Math.min(chunkCount(file), firstChunk + Math.min(chunks, SERVER_QUEUE_MAX / 2));
  return Array.from({ length: Math.max(0, end - firstChunk) }, (_, i) => chunkPlace(file, firstChunk + i));
}

function fill(manifest: VerifiedManifest, budgetBytes: number, taken: Set<ChunkKey>): ChunkPlace[] {
  const pushed: ChunkPlace[] = [];
  let left = budgetBytes;
  const smallestFirst = [...manifest.files].sort((a, b) => a.sizeBytes - b.sizeBytes);
  for (const place of distinctChunks(smallestFirst)) {
    if (place.sizeBytes > left || pushed.length >= SERVER_QUEUE_MAX / 4) break;
    if (taken.has(place.key)) continue;
    pushed.push(place);
    left -= place.sizeBytes;
  }
  return pushed;
}
