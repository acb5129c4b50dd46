import { type Env, sleep } from '../env.ts';
import { WORK_BYTES } from '../wire/geometry.ts';
import { type BagContent, isWorkDone } from '../wire/value.ts';
import { WORK_SLICE } from './constants.ts';

/**
 * The 8 bytes that make an entry's work hold; `effort` tries on average, in slices, so that a tab's relaying goes on meanwhile.
 * @throws the signal's reason when it is aborted.
 */
export async function solveBagWork(
  env: Env,
  content: Pick<BagContent, 'bag' | 'writer' | 'expiresAtMs' | 'effort'>,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const work = env.random(WORK_BYTES);
  const view = new DataView(work.buffer, work.byteOffset, WORK_BYTES);
  for (let tries = 1; !isWorkDone(env.crypto, { ...content, work }); tries++) {
    view.setBigUint64(0, BigInt.asUintN(64, view.getBigUint64(0) + 1n));
    if (tries % WORK_SLICE === 0) {
      await sleep(env, 0);
      signal?.throwIfAborted();
    }
  }
  return work;
}
