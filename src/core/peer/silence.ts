import { type Env, lookEvery } from '../env.ts';
import { CLOSE } from '../wire/registry.ts';
import type { CircuitChannels } from '../stream/index.ts';
import { SERVICE_SILENCE_LOOK_MS, SERVICE_SILENT_MS, SERVICE_SILENT_ROUND_TRIPS } from './constants.ts';

/** Ends a service's circuit once it is silent: sessions over it go on by another, and lose nothing. */
export function endWhenSilent(env: Env, channels: CircuitChannels, onSilent: () => void): void {
  lookEvery(env, SERVICE_SILENCE_LOOK_MS, () => {
    if (channels.closed) return true;
    if (!channels.isSilent(SERVICE_SILENT_MS, SERVICE_SILENT_ROUND_TRIPS)) return false;
    onSilent();
    channels.close(CLOSE.ended);
    return true;
  });
}
