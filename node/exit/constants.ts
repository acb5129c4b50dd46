/** Local policy of an exit; nobody else has to agree with these. */

/** Connections at a time, of all circuits: each holds a file descriptor, of which a process usually has 1,024, some of them for links. */
export const EXIT_CONNECTIONS_MAX = 500;
/** For one address of a target: across the world and back ten times. */
export const EXIT_CONNECT_TIMEOUT_MS = 8_000;
/** Addresses of one name that are tried: two of each family. More would keep the client waiting beyond its patience. */
export const EXIT_ADDRESSES_MAX = 4;
/** A name server that has not answered by then is asked once more. */
export const RESOLVE_TIMEOUT_MS = 3_000;
export const RESOLVE_TRIES = 2;
/** A connection on which nothing is said is asked after so long whether its other end still lives. */
export const EXIT_KEEP_ALIVE_MS = 60_000;
