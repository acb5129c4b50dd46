import { createHash, webcrypto } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { GlobalNetError } from '../src/core/bytes/errors.ts';
import { CHUNK_BYTES } from '../src/core/wire/geometry.ts';
import type { FileEntry } from '../src/core/wire/manifest.ts';
import type { FolderFile } from './folder.ts';
import { mediaTypeOf } from './media-type.ts';

/** A file read while somebody writes it is read again, so often. */
const ATTEMPTS_MAX = 3;
/** Whole chunks, read at once. */
const READ_BYTES = 16 * CHUNK_BYTES;

/**
 * The entry of a file, chunk by chunk, a megabyte at a time, so that 2 GB take no more memory than that.
 * @param onBytes told as bytes are read; negative when they are read again.
 * @throws GlobalNetError `busy` when the file changes all the time, `refused` when it cannot be read.
 */
export async function hashFile(
  { path, source }: FolderFile,
  onBytes: (lengthBytes: number) => void,
  signal?: AbortSignal,
): Promise<FileEntry> {
  let file: FileHandle;
  try {
    file = await open(source, 'r');
  } catch (error) {
    throw new GlobalNetError('refused', `'${path}' cannot be read (${(error as NodeJS.ErrnoException).code})`, { cause: error });
  }
  try {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const before = await file.stat({ bigint: true });
      const entry = await hashOnce(file, path, onBytes, signal);
      const after = await file.stat({ bigint: true });
      if (before.mtimeNs === after.mtimeNs && Number(after.size) === entry.sizeBytes) return entry;
      onBytes(-entry.sizeBytes);
    }
  } finally {
    await file.close();
  }
  throw new GlobalNetError('busy', `'${path}' changes while it is read: try again when nobody writes it`);
}

async function hashOnce(
  file: FileHandle,
  path: string,
  onBytes: (lengthBytes: number) => void,
  signal: AbortSignal | undefined,
): Promise<FileEntry> {
  const whole = createHash('sha256');
  const hashes: Uint8Array[] = [];
  const buffer = new Uint8Array(READ_BYTES);
  let sizeBytes = 0;
  let mediaType = mediaTypeOf(path, new Uint8Array(0));
  for (let lengthBytes = buffer.length; lengthBytes === buffer.length; sizeBytes += lengthBytes) {
    if (signal?.aborted) throw new GlobalNetError('cancelled', 'reading the folder was stopped');
    lengthBytes = await readFully(file, buffer, sizeBytes);
    const part = buffer.subarray(0, lengthBytes);
    if (sizeBytes === 0) mediaType = mediaTypeOf(path, part.subarray(0, CHUNK_BYTES));
    // A file of one chunk has no list, and most files are: their bytes are hashed once. Chunks are hashed beside the whole, on other cores.
    const chunks = sizeBytes + lengthBytes > CHUNK_BYTES ? hashChunks(part) : [];
    whole.update(part);
    hashes.push(...(await Promise.all(chunks)));
    onBytes(lengthBytes);
  }
  return { path, sizeBytes, mediaType, hash: new Uint8Array(whole.digest()), chunkHashes: new Uint8Array(Buffer.concat(hashes)) };
}

function hashChunks(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array>[] {
  const hashes: Promise<Uint8Array>[] = [];
  for (let offset = 0; offset < bytes.length; offset += CHUNK_BYTES) {
    hashes.push(webcrypto.subtle.digest('SHA-256', bytes.subarray(offset, offset + CHUNK_BYTES)).then((hash) => new Uint8Array(hash)));
  }
  return hashes;
}

/** Reads until the buffer is full or the file ends; a single read may stop short. Returns how many bytes came. */
export async function readFully(file: FileHandle, buffer: Uint8Array, position: number): Promise<number> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}
