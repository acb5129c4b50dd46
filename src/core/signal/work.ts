import { concat } from '../bytes/bytes.ts';
import { labelled } from '../crypto/derive.ts';
import { type Env, sleep } from '../env.ts';
import { WORK_BYTES } from '../wire/geometry.ts';
import { LABEL } from '../wire/registry.ts';
import { WORK_SLICE } from './constants.ts';

/** Work of effort n takes n hashes on average: the first 48 bits of the hash, times n, are under 2^48. */
export function workSuffices(env: Pick<Env, 'crypto'>, target: Uint8Array, sealed: Uint8Array, work: Uint8Array, effort: number): boolean {
  return effort <= 1 || meets(env, digest(env, target, sealed), work, effort);
}

/** Eight bytes of work for this offer; hashes in slices, so that cells pass in between. @throws what the signal says. */
export async function findWork(
  env: Env,
  target: Uint8Array,
  sealed: Uint8Array,
  effort: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const of = digest(env, target, sealed);
  const work = env.random(WORK_BYTES);
  const view = new DataView(work.buffer, work.byteOffset, WORK_BYTES);
  for (let tried = 1; effort > 1 && !meets(env, of, work, effort); tried++) {
    view.setUint32(0, view.getUint32(0) + 1);
    if (tried % WORK_SLICE === 0) await sleep(env, 0);
    signal?.throwIfAborted();
  }
  return work;
}

function digest(env: Pick<Env, 'crypto'>, target: Uint8Array, sealed: Uint8Array): Uint8Array {
  return env.crypto.sha256(labelled(LABEL.signalWork, target, sealed));
}

function meets(env: Pick<Env, 'crypto'>, of: Uint8Array, work: Uint8Array, effort: number): boolean {
  const hash = env.crypto.sha256(concat(of, work));
  const view = new DataView(hash.buffer, hash.byteOffset);
  return (view.getUint32(0) * 0x1_0000 + view.getUint16(4)) * effort < 2 ** 48;
}
