import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GlobalNetError } from '../src/core/bytes/errors.ts';
import { type Identity, identityFromSeed } from '../src/core/crypto/identity.ts';
import type { Env } from '../src/core/env.ts';
import type { RecordStore } from '../src/core/ports.ts';
import { recordFile } from './file-records.ts';
import { openFileStore } from './file-store.ts';
import { keptIdentity } from './kept-identity.ts';
import { isMissing } from './write-file.ts';

const KEY_BYTES = 32;
const HOST_KEY = 'service/host';

/** Tells this host of a service from others with the same key. Another one costs nothing but a record that lies about for a day. */
export async function keptHostKey(env: Env, records: RecordStore): Promise<Uint8Array> {
  const kept = await records.get(HOST_KEY);
  if (kept?.length === KEY_BYTES) return kept;
  const fresh = env.random(KEY_BYTES);
  await records.set(HOST_KEY, fresh);
  return fresh;
}

/** As `keptIdentity`, of a service that may run: then its folder is another process's, and its key there for reading. */
export async function identityIn(env: Env, folder: string, record: string): Promise<Identity> {
  const kept = await readFile(join(folder, 'records', recordFile(record))).catch((error) =>
    isMissing(error) ? undefined : Promise.reject(error),
  );
  if (kept?.length === KEY_BYTES) return identityFromSeed(env.crypto, new Uint8Array(kept));
  const store = await openFileStore(folder);
  try {
    return await keptIdentity(env, store.records, record);
  } finally {
    await store.close();
  }
}

/**
 * Takes over the key that another host of the service has, from its file. A service that has a key already keeps it.
 * @throws GlobalNetError `malformed`: there is no such file, it holds no key, or the service has another one.
 */
export async function takeOverKey(records: RecordStore, record: string, file: string): Promise<void> {
  const key = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new GlobalNetError('malformed', `--key names a file that cannot be read: ${file} (${error.code})`);
  });
  if (key.length !== KEY_BYTES)
    throw new GlobalNetError('malformed', `${file} is no service's key: ${key.length} bytes, a key has ${KEY_BYTES}`);
  const kept = await records.get(record);
  if (kept === undefined) await records.set(record, new Uint8Array(key));
  else if (!key.equals(kept)) throw new GlobalNetError('malformed', 'this service has a key of its own: give another --name with --key');
}
