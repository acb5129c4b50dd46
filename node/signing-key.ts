import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GlobalNetError } from '../src/core/bytes/errors.ts';
import type { Identity } from '../src/core/crypto/identity.ts';
import type { Env } from '../src/core/env.ts';
import { FileRecords } from './file-records.ts';
import { lockFolderSoon } from './folder-lock.ts';
import { keptIdentity } from './kept-identity.ts';
import { storeError } from './write-file.ts';

/** The key that this user signs messages with under a name. @throws as `keptNamedKey`. */
export function keptSigningKey(env: Env, dataFolder: string, name: string): Promise<Identity> {
  return keptNamedKey(env, join(dataFolder, 'signing'), name);
}

/** The key that this user signs certificates with under a name. @throws as `keptNamedKey`. */
export function keptIssuerKey(env: Env, dataFolder: string, name: string): Promise<Identity> {
  return keptNamedKey(env, join(dataFolder, 'issuers'), name);
}

/** A key made at the first time it is wanted, in a folder that all commands share. @throws as `keptIdentity` and `lockFolder`. */
async function keptNamedKey(env: Env, folder: string, name: string): Promise<Identity> {
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error) => Promise.reject(storeError(error, folder)));
  const release = await lockFolderSoon(folder);
  try {
    return await keptIdentity(env, await FileRecords.open(join(folder, 'records')), name);
  } finally {
    release();
  }
}

/** @throws GlobalNetError `malformed`. */
export function signerNameOf(text: string): string {
  if (/^[A-Za-z0-9][\w-]{0,63}$/.test(text)) return text;
  throw new GlobalNetError('malformed', `--sign wants a name of up to 64 letters, digits, '-' and '_', not '${text}'`);
}
