import { CIRCUIT_WINDOW_MAX_CELLS } from '../wire/geometry.ts';
import { SETUP_BURST, SETUPS_PER_SECOND, SETUPS_UNANSWERED } from '../wire/registry.ts';
import type { RelayLimits } from './types.ts';

/**
 * Setup packets one onion key opens. A key lives 22 minutes, and a core that does nothing else opens some 700 a second
 * (1.4 ms each): 924,000. Who floods a relay for 22 minutes with packets that are all good gets the rest of the epoch refused, and has
 * paid as much as the relay has. The memory it takes is reckoned at SeenSet.
 */
export const SEEN_MAX = 2 ** 20;

export const RELAY_LIMITS: RelayLimits = {
  // A guard's busiest client builds a handful of circuits at a time; 64 that hang cost a relay 64 table entries and no packet.
  halfBuiltPerLink: SETUPS_UNANSWERED,
  // A packet costs 1 to 4 ms (by what the platform has): 30 a second from one link are a tenth of a core. The burst is a tab that starts and builds its spares
  // through one guard.
  setupBurst: SETUP_BURST,
  setupsPerSecond: SETUPS_PER_SECOND,
  // A browser counts its connections for life, and a dial shows our address to a stranger: a new one every two seconds at most.
  dialBurst: 30,
  dialsPerMinute: 30,
  // 20 KB each at the most while they idle (two stretches of tag stream, table entries): 80 MB.
  circuits: 4096,
  // All that a circuit's window lets be on its way may come to wait here when the next link stalls: 16 MB. A hostile sender gets no more.
  queuedCells: CIRCUIT_WINDOW_MAX_CELLS,
  // Longer than a builder waits, so that the builder's own deadline, at a time it has drawn, ends a circuit that hangs.
  replyDeadlineMs: 30_000,
};

/** Cells that wait on the link when a last hop is asked for more: 64 KB, what a data channel holds at most. */
export const LOW_WATER_CELLS = 16;
