import type { Env } from '../env.ts';
import { CLOSE } from '../wire/registry.ts';
import type { ChannelsStats, CircuitChannels } from '../stream/index.ts';
import { SERVICE_SILENCE_LOOK_MS, SERVICE_SILENT_MS, SERVICE_SILENT_ROUND_TRIPS } from './constants.ts';

/**
 * Whether a circuit has been silent for so long, and for so many of its round trips, though its last hop has something to ack: a hop that
 * vanished without a word shows on its neighbour's link only after half a minute.
 */
export function isSilent({ unheardMs, roundTripMs = 0 }: ChannelsStats, leastMs: number, roundTrips: number): boolean {
  return unheardMs >= Math.max(leastMs, roundTrips * roundTripMs);
}

/** Looks every so often until it is so, and then tells. @returns what ends the looking. */
export function whenSo(env: Pick<Env, 'schedule'>, everyMs: number, isSo: () => boolean, tell: () => void): () => void {
  const look = (): void => {
    if (isSo()) tell();
    else cancel = env.schedule(everyMs, look);
  };
  let cancel = env.schedule(everyMs, look);
  return () => cancel();
}

/** Ends a service's circuit once it is silent: sessions over it go on by another, and lose nothing. */
export function endWhenSilent(env: Env, channels: CircuitChannels, onSilent: () => void): void {
  const isOver = (): boolean => channels.closed || isSilent(channels.stats, SERVICE_SILENT_MS, SERVICE_SILENT_ROUND_TRIPS);
  whenSo(env, SERVICE_SILENCE_LOOK_MS, isOver, () => {
    if (channels.closed) return;
    onSilent();
    channels.close(CLOSE.ended);
  });
}
