import { type Env, randomBelow } from '../env.ts';
import type { Descriptor } from '../wire/descriptor.ts';
import { FULL_WEIGHT_AGE_MS, NEWCOMER_WEIGHT } from './constants.ts';
import type { Directory } from './directory.ts';
import { flagScoreAt } from './known.ts';

/** How likely a peer is drawn, over 0 to 1: by the life it can be expected to have left (the longer seen, the longer) and its red flags. */
export function hopWeight(directory: Directory, descriptor: Descriptor): number {
  const known = directory.known(descriptor.id);
  if (known === undefined) return NEWCOMER_WEIGHT;
  const ageShare = Math.min(1, (directory.env.now() - known.firstSeenMs) / FULL_WEIGHT_AGE_MS);
  return (NEWCOMER_WEIGHT + (1 - NEWCOMER_WEIGHT) * ageShare) * 2 ** -flagScoreAt(known, directory.env.now());
}

/** A number in [0, 1) of 32 random bits. */
export function randomShare(env: Pick<Env, 'random'>): number {
  return randomBelow(env, 2 ** 32) / 2 ** 32;
}

/** One of `items`, each as likely as its weight among all; undefined when there is none. */
export function drawWeighted<T>(env: Pick<Env, 'random'>, items: readonly T[], weightOf: (item: T) => number): T | undefined {
  const weights = items.map(weightOf);
  let left = randomShare(env) * weights.reduce((sum, weight) => sum + weight, 0);
  return items.find((_, index) => (left -= weights[index] as number) < 0) ?? items.at(-1);
}
