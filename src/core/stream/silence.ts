import type { ChannelsStats } from './types.ts';

/**
 * Whether a circuit has been silent for so long, and for so many of its round trips, though its other end has something to ack: a hop that
 * vanished without a word shows on its neighbour's link only after half a minute.
 */
export function isSilent(
  { unheardMs, roundTripMs = 0 }: Pick<ChannelsStats, 'unheardMs' | 'roundTripMs'>,
  leastMs: number,
  roundTrips: number,
): boolean {
  return unheardMs >= Math.max(leastMs, roundTrips * roundTripMs);
}
