import { hex } from '../bytes/bytes.ts';
import type { Env } from '../env.ts';
import { helloSlot } from './hello.ts';
import { REPLAY_MAX } from './constants.ts';

/**
 * Remembers hellos by the slot they were made in. A slot is forgotten only when no hello of it can open any more, and from then
 * on it is refused even if the clock is set back.
 */
export class ReplayGuard {
  readonly #env: Env;
  readonly #seen = new Map<number, Set<string>>();
  #count = 0;
  #firstSlot = 0;

  constructor(env: Env) {
    this.#env = env;
  }

  /** True once for each hello; `mark` is what no two honest hellos share: its E, 32 bytes. */
  accept(slot: number, mark: Uint8Array): boolean {
    this.#forget();
    if (slot < this.#firstSlot || this.#count >= REPLAY_MAX) return false;
    const seen = this.#seen.get(slot) ?? new Set<string>();
    const name = hex(mark);
    if (seen.has(name)) return false;
    this.#seen.set(slot, seen.add(name));
    this.#count++;
    return true;
  }

  #forget(): void {
    this.#firstSlot = Math.max(this.#firstSlot, helloSlot(this.#env.now()) - 1);
    for (const [slot, seen] of this.#seen) {
      if (slot >= this.#firstSlot) continue;
      this.#count -= seen.size;
      this.#seen.delete(slot);
    }
  }
}
