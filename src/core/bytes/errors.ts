/** Errors by where they arose and what the caller can do; nobody branches on a message's text. */

/** What the caller can do about it; the interface and the commands choose their words and exit codes by it. */
export type ErrorKind =
  | 'malformed' // the input itself is wrong: nothing will mend it but other input
  | 'unverified' // a signature, hash or tag does not match: somebody lies
  | 'unknown' // nobody knows this address, name or path
  | 'unserved' // it is known, and nobody serves it now
  | 'unreachable' // no bootstrap, link or path: try again later
  | 'refused' // the other side said no
  | 'timeout' // no answer in time
  | 'closed' // what it ran on was closed
  | 'full' // no room: disk, quota or budget
  | 'unsupported' // this browser or machine lacks something
  | 'clock' // the local clock is too far off
  | 'cancelled' // the user stopped it
  | 'busy' // in use: a port, a data folder
  | 'internal'; // a fault of ours

export class GlobalNetError extends Error {
  override readonly name = 'GlobalNetError';
  constructor(
    readonly kind: ErrorKind,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** What a log may say of an error: of ours the kind, for its words may say where somebody went. */
export function loggable(error: unknown): string {
  return error instanceof GlobalNetError ? error.kind : String(error);
}

/** What was thrown, in words: nothing says that it is an Error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Bytes from outside that are not what the spec says: what was wanted, and where it went wrong. */
export class DecodeError extends GlobalNetError {
  constructor(
    readonly what: string,
    readonly offset: number,
    readonly problem: string,
  ) {
    super('malformed', `${what}: ${problem} (at byte ${offset})`);
  }
}
