/** Of the control socket: docs/spec/20-control.md. */

/** Another number: another grammar, which this one need not understand. */
export const CONTROL_VERSION = 1;
/** A request is a token, a command and a number or two. */
export const REQUEST_MAX_BYTES = 4_096;
/** `peers` of a full table: 4,000 descriptors of some 700 bytes, with room. */
export const ANSWER_MAX_BYTES = 16 << 20;
/** Clients at a time; one more ends the oldest, so that those who say nothing shut nobody out. */
export const CLIENTS_MAX = 32;
/** From connecting to the whole request. */
export const REQUEST_WITHIN_MS = 2_000;
/** From the request to the end of the answer, at either end. */
export const ANSWER_WITHIN_MS = 5_000;
/** 256 bits: 64 letters of hexadecimal. */
export const TOKEN_BYTES = 32;
/** `sun_path` of macOS is the shortest: 104 with the zero at its end; Linux takes 108. */
export const PATH_MAX_BYTES = 103;
