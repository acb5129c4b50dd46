import type { Env } from '../../src/core/env.ts';
import type { CircuitEnd } from '../../src/core/ports.ts';
import { CircuitChannels } from '../../src/core/stream/index.ts';

/** Channels of which only pipes are of interest. */
export function startedChannels(env: Env, end: CircuitEnd): CircuitChannels {
  const channels = new CircuitChannels(env, end, { onMessage() {} });
  channels.start();
  return channels;
}
