import { SETUP_BURST, SETUPS_PER_SECOND, SETUPS_UNANSWERED } from '../wire/registry.ts';

/**
 * From setup to reply. Eight links of 150 ms each way, 5 ms of work a hop, and one hop that must first dial a WebSocket (three round
 * trips): 3 s on a bad day; as long again for a busy phone, and some. Relays wait longer (see relay/constants.ts).
 */
export const OPEN_DEADLINE_MS = 10_000;
/** Drawn on top of it: with a fixed deadline, the hop that sees a circuit end exactly so long after its setup is the builder's neighbour. */
export const OPEN_DEADLINE_SPREAD_MS = 4_000;
/** Who has another path to try waits so many times as long as the slowest of the last answers took, no less than this, and up to a quarter more. */
export const HASTE_TIMES_USUAL = 4;
export const HASTE_LEAST_MS = 1_000;
export const OPENS_REMEMBERED = 6;
/** Circuits of so many hops are measured: those of one or two, which ask a neighbour, say nothing of the others. */
export const USUAL_HOPS = 3;

/**
 * A circuit with a failed layer ends this long after, at a time drawn evenly: a hop that spoils cells must not learn from the time of
 * the end how far the builder is.
 */
export const FAILURE_DELAY_MIN_MS = 100;
export const FAILURE_DELAY_MAX_MS = 2_000;

/** Cells that wait on the first link when a sender is asked for more: 64 KB, what a data channel holds at most. */
export const LOW_WATER_CELLS = 16;

/** Cells that may come while a reply is being opened on another thread: a first window (64), twice over. */
export const HELD_CELLS_MAX = 128;

/**
 * What this peer asks of one first hop: a sixth less than every hop takes, so that packets which were held up and arrive together are not
 * over it.
 */
export const OWN_SETUP_BURST = Math.floor((SETUP_BURST * 5) / 6);
export const OWN_SETUPS_PER_SECOND = Math.floor((SETUPS_PER_SECOND * 5) / 6);
export const OWN_SETUPS_UNANSWERED = Math.floor((SETUPS_UNANSWERED * 3) / 4);
/** Circuits that wait for their turn at one first hop: what it builds in 20 s. */
export const TURNS_WAITING_MAX = 500;
/** Whoever has not had a turn by then is told so. */
export const TURN_WITHIN_MS = 30_000;

/** The highest price in work that is paid: 2^20 hashes take about two seconds on another thread. */
export const SETUP_EFFORT_MAX = 2 ** 20;
