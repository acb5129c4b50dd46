/** Local policy of packs: none of it is seen on the wire. */

/** Chunks asked for and not yet here, per stream: 8 MB, one path round trip of 400 ms at 20 MB/s. */
export const CHUNKS_IN_FLIGHT = 128;
/** Chunks that a reader of one file runs ahead of what is used: a film's next 4 MB, 10 MB/s at 400 ms. */
export const READ_AHEAD_CHUNKS = 64;
/** Verified chunks kept in memory beside the store, so that what is pushed is at hand when the page asks, full disk or not. */
export const CACHE_BYTES = 16 * 1024 * 1024;
/** Of a site's other files that a server may send unasked behind the first page: a site of 1 MB comes whole in one round trip. */
export const PUSH_BYTES = 2 * 1024 * 1024;
/** What a server pushes at most, whatever is asked for: an open request of 100 bytes must not cost it a whole film. */
export const PUSH_MAX_BYTES = 4 * 1024 * 1024;
/** Chunks that wait to be sent in one stream: 512 hashes are 100 KB of memory. A longer `open` is cut, a longer `chunks` resets the stream. */
export const SERVER_QUEUE_MAX = 512;
/** Streams that one server answers at once. */
export const SERVER_STREAMS_MAX = 512;
/** A stream on which nothing was asked for so long, and nothing is left to send, is ended. */
export const SERVER_IDLE_MS = 300_000;
/** Of a manifest, written at once: a slow reader must not make the server hold a copy of 16 MB. */
export const WRITE_BYTES = 65_536;
/** Pages opened later than this after the last question ask behind themselves whether there is a newer version. */
export const ASK_AGAIN_MS = 60_000;
/** Priority of chunks asked for by a reader who waits, of read-ahead, and of what is fetched for later. */
export const PRIORITY = { now: 0, soon: 64, later: 128, pushed: 255 } as const;
/** Streams tried in a row without one verified chunk before reading fails. */
export const FRUITLESS_STREAMS_MAX = 3;
/** Pause before the second of them, doubled for each further one. */
export const RETRY_DELAY_MS = 500;
/** A pack not asked for counts half after a week. */
export const SCORE_HALF_LIFE_MS = 604_800_000;
/** Chunks being written to the store while more are received: a slow disk slows the reader, it does not fill memory. */
export const KEEPING_MAX = 32;
