/** Local policy of inboxes and of who sends to them; what both must agree on is in wire/geometry.ts. */

// ---- inbox

/** Messages that are being received or written at a time, of all visitors: 64 × 16 KB twice is 2 MB. More are refused at once. */
export const INBOX_AT_ONCE_MAX = 64;
/**
 * Messages that one session may bring. Who sends more comes with another hello, and hellos have a price that rises with their number; whoever sends
 * as this program does brings one.
 */
export const INBOX_SESSION_MESSAGES_MAX = 16;
/** From a stream's opening to the whole message: a path that dies on the way is replaced within. */
export const INBOX_RECEIVE_MS = 60_000;
/** Messages kept before the owner is to delete some: as many of the longest are 16 MB, and a list of them is still read. */
export const INBOX_MESSAGES_MAX = 1000;

// ---- sender

/** From the first try to the acknowledgement: several paths with their time-outs. Who waits longer will rather ask whether the inbox is there. */
export const SEND_TIMEOUT_MS = 60_000;
/** Sessions tried for one message. An inbox that is there is found by the first; the others are for one that is being started anew. */
export const SEND_TRIES = 4;
/** Between two of them: what is started anew has joined and has its points in some five seconds. */
export const SEND_RETRY_MS = 2_000;
