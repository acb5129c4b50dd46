import { base32 } from '../bytes/base32.ts';
import { SCORE_HALF_LIFE_MS } from './constants.ts';
import type { KeptPack } from './pack-records.ts';

/** Packs that are being read or served, each by its manifest's hash, as often as it is. */
export class PacksInUse {
  readonly #uses = new Map<string, number>();

  has(manifestHash: Uint8Array): boolean {
    return this.#uses.has(base32(manifestHash));
  }

  /** @returns a call that ends the use; a second one does nothing. */
  add(manifestHash: Uint8Array): () => void {
    const key = base32(manifestHash);
    this.#uses.set(key, (this.#uses.get(key) ?? 0) + 1);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      const count = (this.#uses.get(key) ?? 1) - 1;
      if (count > 0) this.#uses.set(key, count);
      else this.#uses.delete(key);
    };
  }
}

/** As it is remembered after one more use. */
export function usedOnce(kept: KeptPack, nowMs: number): KeptPack {
  return { ...kept, usedMs: nowMs, score: scoreAt(kept, nowMs) + 1 };
}

/** The one that goes first where room is needed. */
export function leastUsed(packs: readonly KeptPack[], nowMs: number): KeptPack | undefined {
  return [...packs].sort((a, b) => scoreAt(a, nowMs) - scoreAt(b, nowMs) || a.usedMs - b.usedMs)[0];
}

function scoreAt({ score, usedMs }: KeptPack, nowMs: number): number {
  return score * 0.5 ** (Math.max(0, nowMs - usedMs) / SCORE_HALF_LIFE_MS);
}
