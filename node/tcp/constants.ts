/** Local policy of TCP connections; nobody else has to agree with these. */

/** A local service that has not answered by then is not there: loopback answers in a millisecond, a machine next door in some. */
export const CONNECT_TIMEOUT_MS = 10_000;
/**
 * Connections of one exposed service at a time, of all visitors: as many as one session has streams. Each holds a file descriptor, and 0.1 MB where its
 * visitor does not read; where the process may not open so many files, there are fewer.
 */
export const EXPOSED_CONNECTIONS_MAX = 1024;
/** Of all services of one process: what one of them can take leaves room for the others. */
export const EXPOSED_CONNECTIONS_TOTAL_MAX = 2048;
/** Clients of one proxy at a time; a browser opens some dozens, and a session has room for 1,024. Fewer where few files may be open. */
export const PROXY_CONNECTIONS_MAX = 2048;
/**
 * A service or last hop that has taken a stream and said neither yes nor no by then says nothing: some more than an exit takes to look a name
 * up and try four addresses.
 */
export const ANSWER_TIMEOUT_MS = 45_000;
/** A client that has not said by then what it wants is cut off. */
export const HANDSHAKE_TIMEOUT_MS = 30_000;
/**
 * How long a path that is not there yet waits for the client's first bytes, to take them along. A program that speaks first does so within
 * a millisecond of the answer; one that listens first, such as ssh, loses this once.
 */
export const FIRST_BYTES_WAIT_MS = 50;
/** Over a path that stands so long: what comes within shares a cell with the connection's own opening. */
export const FIRST_BYTES_SOON_MS = 10;
/** A connection that was opened with bytes is confirmed by the answer to them, or after this. */
export const ANSWER_SOON_MS = 10;
/** A request that rides along is no longer than the acceptor of a stream takes unasked. */
export const FIRST_BYTES_MAX = 16_384;
/** After a refusal the client may take so long to read it and go. */
export const LINGER_MS = 2_000;
/** Connections of one tunnel at a time. Those with a circuit each wait for their turn at the first hop: as many as may wait there. */
export const TUNNEL_CONNECTIONS_MAX = 500;
/** A shared path takes connections for so long, as a circuit to an exit does; when the last of them has ended it is given back. */
export const SHARED_PATH_MS = 10 * 60_000;
