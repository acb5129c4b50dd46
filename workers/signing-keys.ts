import { base32 } from '../src/core/bytes/base32.ts';
import { identityFromSeed, type Identity } from '../src/core/crypto/identity.ts';
import type { Env } from '../src/core/env.ts';
import type { RecordStore } from '../src/core/ports.ts';

/** Seeds of the keys that messages are signed with, by the address of the inbox: two inboxes cannot tell by them that they have one writer. */
const PREFIX = 'signing/';

type Keys = Pick<Env, 'crypto' | 'random'>;

/** Made when it is first wanted; two tabs that want it at one time get the same. */
export function signingKey(records: RecordStore, { crypto, random }: Keys, inbox: string): Promise<Identity> {
  return navigator.locks.request(`gnet signing ${inbox}`, async () => {
    const kept = await records.get(PREFIX + inbox);
    const seed = kept ?? random(32);
    if (kept === undefined) await records.set(PREFIX + inbox, seed);
    return identityFromSeed(crypto, seed);
  });
}

/** The public key in base32, as the inbox's owner is shown it; undefined when none was made. */
export async function signerOf(records: RecordStore, { crypto }: Pick<Env, 'crypto'>, inbox: string): Promise<string | undefined> {
  const seed = await records.get(PREFIX + inbox);
  return seed && base32(crypto.ed25519Public(seed));
}

export async function forgetSigningKey(records: RecordStore, inbox: string): Promise<void> {
  await records.delete(PREFIX + inbox);
}
