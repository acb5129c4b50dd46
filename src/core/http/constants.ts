/** Local policy of who asks; HTTP itself sets no such limits. Servers stop at 8 to 16 KB of headers. */

/** Status line and headers of an answer, interim answers before it and trailers behind it included. */
export const HEAD_MAX_BYTES = 65_536;
/** Interim answers (1xx) before the answer itself. */
export const INTERIM_MAX = 8;
/** The line before a chunk: its length, and extensions that nobody uses. */
export const CHUNK_LINE_MAX_BYTES = 4_096;
/** Digits of a length: below 2^53. */
export const LENGTH_MAX_DIGITS = 15;

/** A service that says nothing and takes nothing for so long is not waited for. A path that dies is replaced sooner. */
export const SILENCE_MS = 60_000;
/** After its whole answer a service has so long to end its side. */
export const LINGER_MS = 5_000;
/** A body goes out in pieces, so that what is sent shows before all of it is. */
export const WRITE_BYTES = 65_536;
