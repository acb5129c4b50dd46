import { GlobalNetError } from '../bytes/errors.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { labelled } from '../crypto/derive.ts';
import { sleep, type Env } from '../env.ts';
import type { CryptoPort } from '../ports.ts';
import { WORK_BYTES } from '../wire/geometry.ts';
import { LABEL } from '../wire/registry.ts';
import { WORK_SLICE } from './constants.ts';

/** What the hash covers before the work itself: work for one hello at one point is none for another. */
function workBase(crypto: CryptoPort, tag: Uint8Array, hello: Uint8Array, effort: number): Uint8Array {
  return labelled(LABEL.connectWork, tag, crypto.sha256(hello), new Writer(4).u32(effort).done(), new Uint8Array(WORK_BYTES));
}

/** The first 48 bits of the hash lie under 2^48 / effort: `effort` hashes on average. */
function holds(hash: Uint8Array, effort: number): boolean {
  const reader = new Reader(hash, 'hash');
  return (reader.u16('high') * 2 ** 32 + reader.u32('low')) * effort < 2 ** 48;
}

export function workHolds(crypto: CryptoPort, tag: Uint8Array, hello: Uint8Array, effort: number, work: Uint8Array): boolean {
  const bytes = workBase(crypto, tag, hello, effort);
  bytes.set(work, bytes.length - WORK_BYTES);
  return holds(crypto.sha256(bytes), effort);
}

/** Searches in slices, so that a thread that also relays goes on relaying. @throws GlobalNetError `cancelled`. */
export async function solveWork(env: Env, tag: Uint8Array, hello: Uint8Array, effort: number, signal?: AbortSignal): Promise<Uint8Array> {
  const bytes = workBase(env.crypto, tag, hello, effort);
  const work = bytes.subarray(bytes.length - WORK_BYTES);
  const view = new DataView(work.buffer, work.byteOffset, WORK_BYTES);
  for (let tries = 0; ; tries++) {
    view.setUint32(0, Math.floor(tries / 2 ** 32));
    view.setUint32(4, tries >>> 0);
    if (holds(env.crypto.sha256(bytes), effort)) return work.slice();
    if ((tries + 1) % WORK_SLICE !== 0) continue;
    await sleep(env, 0);
    if (signal?.aborted) throw new GlobalNetError('cancelled', 'stopped while working for a service that asks it of visitors');
  }
}
