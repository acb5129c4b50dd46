/**
 * From setup to reply. Eight links of 150 ms each way, 5 ms of work a hop, and one hop that must first dial a WebSocket (three round
 * trips): 3 s on a bad day; as long again for a busy phone, and some. Relays wait longer (see relay/constants.ts).
 */
export const OPEN_DEADLINE_MS = 10_000;

/**
 * A circuit with a failed layer ends this long after, at a time drawn evenly: a hop that spoils cells must not learn from the time of
 * the end how far the builder is.
 */
export const FAILURE_DELAY_MIN_MS = 100;
export const FAILURE_DELAY_MAX_MS = 2_000;

/** Cells that wait on the first link when a sender is asked for more: half of the 64 KB that a data channel holds. */
export const LOW_WATER_CELLS = 8;

/** Cells that may come while a reply is being opened on another thread: a first window (32), twice over. */
export const HELD_CELLS_MAX = 64;

/** The highest price in work that is paid: 2^20 hashes take about two seconds on another thread. */
export const SETUP_EFFORT_MAX = 2 ** 20;
