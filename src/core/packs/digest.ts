import { equal } from '../bytes/bytes.ts';
import { base32 } from '../bytes/base32.ts';
import type { Env } from '../env.ts';
import { MismatchError } from '../wire/mismatch.ts';

/** SHA-256. WebCrypto's is ten times as fast as a synchronous one, and asynchronous. */
export type Digest = (bytes: Uint8Array) => Promise<Uint8Array>;

export function digestOf(env: Pick<Env, 'crypto'>, digest: Digest | undefined): Digest {
  return digest ?? (async (bytes) => env.crypto.sha256(bytes));
}

/** @throws MismatchError naming the file and the chunk. */
export async function checkChunk(
  digest: Digest,
  wanted: Uint8Array,
  bytes: Uint8Array,
  where: { path: string; chunkIndex: number },
): Promise<void> {
  const got = await digest(bytes);
  if (equal(got, wanted)) return;
  throw new MismatchError(
    { part: 'chunk', ...where, wanted: base32(wanted), got: base32(got) },
    `'${where.path}', chunk ${where.chunkIndex}: the bytes are not those its author signed`,
  );
}
