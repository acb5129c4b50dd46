import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GlobalNetError } from '../src/core/bytes/errors.ts';
import type { TrustedKey } from '../src/shared/certificates.ts';
import { withTrusted } from '../src/shared/trusted-keys.ts';
import { changeFile } from './changed-file.ts';
import { isMissing, storeError } from './write-file.ts';

/** Keys of issuers whom this user trusts, in the data folder that all commands share. */
function placeOf(dataFolder: string): { folder: string; file: string } {
  const folder = join(dataFolder, 'trusted');
  return { folder, file: join(folder, 'list.json') };
}

/** Read anew each time: a command that runs learns of changes. @throws GlobalNetError `internal` | `refused`. */
export async function readTrusted(dataFolder: string): Promise<TrustedKey[]> {
  const { file } = placeOf(dataFolder);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return [];
    throw storeError(error, file);
  }
  try {
    const { trusted } = JSON.parse(text) as { trusted: TrustedKey[] };
    return trusted.reduce((list: TrustedKey[], { issuer, name }) => withTrusted(list, issuer, name), []);
  } catch (error) {
    throw new GlobalNetError('internal', `the list of trusted keys is damaged: ${file}`, { cause: error });
  }
}

/** Changes the list, whole or not at all. @throws as `changeFile` and `change`. */
export async function changeTrusted(dataFolder: string, change: (list: TrustedKey[]) => TrustedKey[]): Promise<void> {
  const { folder, file } = placeOf(dataFolder);
  await changeFile(folder, file, async () => `${JSON.stringify({ trusted: change(await readTrusted(dataFolder)) }, undefined, 2)}\n`);
}
