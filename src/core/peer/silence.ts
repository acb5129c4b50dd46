import type { Env } from '../env.ts';
import { CLOSE } from '../wire/registry.ts';
import type { CircuitChannels } from '../stream/index.ts';
import { SERVICE_SILENCE_LOOK_MS, SERVICE_SILENT_MS, SERVICE_SILENT_ROUND_TRIPS } from './constants.ts';

/**
 * Looks every so often until it is so, and then tells. A look that comes late does not count: this peer was held up itself, and what came meanwhile
 * was not read yet. @returns what ends the looking.
 */
export function whenSo(env: Pick<Env, 'now' | 'schedule'>, everyMs: number, isSo: () => boolean, tell: () => void): () => void {
  let dueMs = 0;
  let cancel = (): void => undefined;
  const lookLater = (): void => {
    dueMs = env.now() + everyMs;
    cancel = env.schedule(everyMs, look);
  };
  const look = (): void => {
    const isLate = env.now() - dueMs >= everyMs;
    if (!isLate && isSo()) tell();
    else lookLater();
  };
  lookLater();
  return () => cancel();
}

/** Ends a service's circuit once it is silent: sessions over it go on by another, and lose nothing. */
export function endWhenSilent(env: Env, channels: CircuitChannels, onSilent: () => void): void {
  const isOver = (): boolean => channels.closed || channels.isSilent(SERVICE_SILENT_MS, SERVICE_SILENT_ROUND_TRIPS);
  whenSo(env, SERVICE_SILENCE_LOOK_MS, isOver, () => {
    if (channels.closed) return;
    onSilent();
    channels.close(CLOSE.ended);
  });
}
