import type { Env } from '../src/core/env.ts';
import type { RecordStore } from '../src/core/ports.ts';
import { HOLDER_BYTES } from '../src/core/wire/geometry.ts';

/** Held, shared, by every tab that has come to a service by an invitation. */
const LOCK = 'gnet invitation holder';
const RECORD = 'holder';

/**
 * What all tabs of this profile come with where they are invited: to a service they are one program, and none is asked to yield to another. The
 * first tab makes it; when the last has gone it is worth nothing. Each has its own where there are no Web Locks.
 */
export async function profileHolder(records: RecordStore, env: Pick<Env, 'random'>): Promise<Uint8Array> {
  const own = env.random(HOLDER_BYTES);
  const { locks } = navigator;
  if (locks === undefined) return own;
  const isFirst = await locks.request(LOCK, { ifAvailable: true }, async (alone) => {
    if (alone === null) return false;
    await records.set(RECORD, own);
    void share(locks); // asked for before this one ends: nobody comes between
    return true;
  });
  if (isFirst) return own;
  await share(locks);
  return (await records.get(RECORD)) ?? own;
}

/** Resolves when it is held, which it is as long as this thread runs. */
function share(locks: LockManager): Promise<void> {
  return new Promise((resolve, reject) => {
    const forEver = (): Promise<never> => {
      resolve();
      return new Promise(() => undefined);
    };
    locks.request(LOCK, { mode: 'shared' }, forEver).catch(reject);
  });
}
