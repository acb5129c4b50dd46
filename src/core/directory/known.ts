import type { PeerId } from '../bytes/brand.ts';
import { peerIdBytes } from '../crypto/identity.ts';
import type { Descriptor } from '../wire/descriptor.ts';
import { FLAG_HALF_LIFE_MS, FLAG_WEIGHT, type Flag } from './constants.ts';

/** What the table knows of one peer. */
export interface Known {
  readonly id: PeerId;
  /** The id's 32 bytes: its place in the metric. */
  readonly key: Uint8Array;
  firstSeenMs: number;
  lastSeenMs: number;
  /** What its last descriptor said: only open peers are remembered without one. */
  open: boolean;
  /** Newest epoch first; at most the epochs that are valid at once. Empty: remembered, and nothing current is known. */
  descriptors: Descriptor[];
  flagScore: number;
  flaggedAtMs: number;
}

export function newKnown(id: PeerId, firstSeenMs: number, nowMs: number): Known {
  return { id, key: peerIdBytes(id), firstSeenMs, lastSeenMs: nowMs, open: true, descriptors: [], flagScore: 0, flaggedAtMs: 0 };
}

/** 0 for a clean peer; halves with each FLAG_HALF_LIFE_MS. */
export function flagScoreAt(known: Known, nowMs: number): number {
  return known.flagScore * 2 ** ((known.flaggedAtMs - nowMs) / FLAG_HALF_LIFE_MS);
}

export function raiseFlag(known: Known, flag: Flag, nowMs: number): void {
  known.flagScore = flagScoreAt(known, nowMs) + FLAG_WEIGHT[flag];
  known.flaggedAtMs = nowMs;
}
