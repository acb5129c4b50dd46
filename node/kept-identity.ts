import { GlobalNetError } from '../src/core/bytes/errors.ts';
import { type Identity, identityFromSeed } from '../src/core/crypto/identity.ts';
import type { Env } from '../src/core/env.ts';
import type { RecordStore } from '../src/core/ports.ts';

/**
 * The identity that is kept under this key, made at the first time and on the disk before anybody hears of it: who has it is the site or
 * service. @throws GlobalNetError `internal` when what is kept is no key, since a fresh one would be another address; as `RecordStore.set`.
 */
export async function keptIdentity(env: Env, records: RecordStore, key: string): Promise<Identity> {
  const seed = await records.get(key);
  if (seed?.length === 32) return identityFromSeed(env.crypto, seed);
  if (seed !== undefined)
    throw new GlobalNetError(
      'internal',
      `the kept key is damaged: '${key}' has ${seed.length} bytes instead of 32; put it back from a copy`,
    );
  const fresh = env.random(32);
  await records.set(key, fresh);
  return identityFromSeed(env.crypto, fresh);
}
