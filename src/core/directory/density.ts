import type { PeerId } from '../bytes/brand.ts';
import { peerIdBytes } from '../crypto/identity.ts';
import { DENSITY_TOLERANCE_BITS } from './constants.ts';
import { distanceShare } from '../bytes/distance.ts';

/** What one answerer said about a point. */
export interface View {
  readonly id: PeerId;
  readonly ids: readonly PeerId[];
}

/** log2 of the number of peers in the network, by how near the `count`-th nearest lies. Fewer than `count`: that is all there are. */
export function estimateBits(point: Uint8Array, ids: readonly PeerId[], count: number): number {
  const shares = [...new Set(ids)].map((id) => distanceShare(point, peerIdBytes(id))).sort((a, b) => a - b);
  const last = shares[count - 1];
  if (last === undefined) return Math.log2(Math.max(shares.length, 0.5));
  return Math.log2(count) - Math.log2(Math.max(last, Number.MIN_VALUE));
}

/**
 * Answerers whose network is implausibly thinner (they hide peers) or denser (they made peers up around our point) than the
 * median of at least three. With fewer nobody can be told from the liar.
 */
export function densityOutliers(point: Uint8Array, views: readonly View[], perPoint: number): PeerId[] {
  if (views.length < 3) return [];
  const estimates = views.map((view) => ({ id: view.id, bits: estimateBits(point, view.ids, perPoint) }));
  const sorted = estimates.map(({ bits }) => bits).sort((a, b) => a - b);
  const median = sorted[Math.floor((sorted.length - 1) / 2)] as number;
  return estimates.filter(({ bits }) => Math.abs(bits - median) > DENSITY_TOLERANCE_BITS).map(({ id }) => id);
}
