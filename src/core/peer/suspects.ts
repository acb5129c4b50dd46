import type { PeerId } from '../bytes/brand.ts';
import type { Env } from '../env.ts';
import type { PathGroup } from '../ports.ts';
import { SUSPECT_MS } from './constants.ts';

interface Suspicion {
  readonly atMs: number;
  /** Paths that fell silent. */
  readonly paths: number;
}

/** Hops of paths that have fallen silent lately: one of each does not answer, and nobody knows which. */
export class Suspects {
  readonly #all = new Map<PeerId, Suspicion>();

  constructor(private readonly env: Pick<Env, 'now'>) {}

  onSilent(hops: readonly PeerId[]): void {
    for (const hop of this.#all.keys()) if (this.#among(hop) === 0) this.#all.delete(hop);
    for (const hop of hops) this.#all.set(hop, { atMs: this.env.now(), paths: this.#among(hop) + 1 });
  }

  /** All of these have answered. */
  onAnswered(hops: readonly PeerId[]): void {
    for (const hop of hops) this.#all.delete(hop);
  }

  /** Those of so many silent paths at least. */
  of(paths: number): PeerId[] {
    return [...this.#all.keys()].filter((hop) => this.#among(hop) >= paths);
  }

  /** Whether a path of these hops had better not be taken. A guard is suspected by two silent paths: see `leftOut`. */
  isOn([guard, ...behind]: readonly PeerId[]): boolean {
    return behind.some((hop) => this.#among(hop) > 0) || (guard !== undefined && this.#among(guard) > 1);
  }

  /** Silent paths that this one was on. */
  #among(hop: PeerId): number {
    const known = this.#all.get(hop);
    return known !== undefined && this.env.now() - known.atMs < SUSPECT_MS ? known.paths : 0;
  }
}

/**
 * Whom a new path leaves out, from the most that is wished to nobody at all: suspects, else those of more than one silent path; hops of any
 * other path of its group, else all but the guards, of which there are few, else those alone that are on all others. One silent path
 * is no reason to leave a guard: whoever lets cells disappear behind it would bring us to another, which may be his.
 */
export function leftOut(
  suspects: Suspects,
  guards: readonly PeerId[],
  isolation: string,
  group: PathGroup = new Map(),
): ReadonlySet<PeerId>[] {
  const notGuards = (hops: readonly PeerId[]): PeerId[] => hops.filter((hop) => !guards.includes(hop));
  const others = [...group].filter(([name]) => name !== isolation).map(([, hops]) => hops);
  const hops = [...new Set(others.flat())];
  const onAll = others.length < 2 ? [] : hops.filter((hop) => others.every((path) => path.includes(hop)));
  const shared = [hops, [...notGuards(hops), ...onAll], onAll, notGuards(onAll)];
  const silent = [[...notGuards(suspects.of(1)), ...suspects.of(2)], suspects.of(2)];
  const wishes = silent.flatMap((suspected) => shared.map((wish) => new Set([...suspected, ...wish])));
  const sparing = silent.map((suspected) => new Set(notGuards([...suspected, ...onAll])));
  const named = [...wishes, ...sparing, new Set<PeerId>()].map((wish) => [[...wish].sort().join(), wish] as const);
  return [...new Map(named).values()];
}
