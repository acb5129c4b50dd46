/** Local policy of packs: none of it is seen on the wire. */

/** Chunks asked for and not yet here, per stream: 4 MB, one path round trip of 400 ms at 10 MB/s. */
export const CHUNKS_IN_FLIGHT = 64;
/** Chunks that a reader of one file runs ahead of what is used: a film's next 2 MB. */
export const READ_AHEAD_CHUNKS = 32;
/** Verified chunks kept in memory beside the store, so that what is pushed is at hand when the page asks, full disk or not. */
export const CACHE_BYTES = 16 * 1024 * 1024;
/** Of a site's other files that a server may send unasked behind the first page: a site of 1 MB comes whole in one round trip. */
export const PUSH_BYTES = 2 * 1024 * 1024;
/** What a server pushes at most, whatever is asked for: an open request of 100 bytes must not cost it a whole film. */
export const PUSH_MAX_BYTES = 4 * 1024 * 1024;
/** Chunks a server keeps in mind for one stream; above it the stream is reset. 32,768 is a file of 2 GB in one `open`. */
export const SERVER_JOBS_MAX = 65_536;
/** Requests go on being read while answers wait, up to so many hashes asked for: 64 KB of hashes. */
export const SERVER_ASKED_MAX = 2048;
/** Priority of chunks asked for by a reader who waits, of read-ahead, and of what is fetched for later. */
export const PRIORITY = { now: 0, soon: 64, later: 128, pushed: 255 } as const;
/** Streams tried in a row without one verified chunk before reading fails. */
export const FRUITLESS_STREAMS_MAX = 3;
/** Pause before the second of them, doubled for each further one. */
export const RETRY_DELAY_MS = 500;
