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

/** Ends a service's circuit once it is silent: sessions over it go on by another, and lose nothing. */
export function endWhenSilent(env: Env, channels: CircuitChannels, onSilent: () => void): void {
  env.schedule(SERVICE_SILENCE_LOOK_MS, () => {
    if (channels.closed) return;
    if (!isSilent(channels.stats, SERVICE_SILENT_MS, SERVICE_SILENT_ROUND_TRIPS)) return endWhenSilent(env, channels, onSilent);
    onSilent();
    channels.close(CLOSE.ended);
  });
}
