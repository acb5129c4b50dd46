import { equal } from '../bytes/bytes.ts';
import { DecodeError } from '../bytes/errors.ts';
import { STREAMS_MAX } from '../wire/geometry.ts';
import type { SessionResume, StreamCredit } from '../wire/stream.ts';
import type { StreamState } from './session-stream.ts';

/** What the other side says of where it stands, once it is whole. */
export interface WholeResume {
  readonly seen: number;
  readonly entries: ReadonlyMap<number, StreamCredit>;
}

/** Gathers the parts of the other side's resume, one resume a path: a second would make us send megabytes again for a few bytes. */
export class ResumeGatherer {
  #parts: StreamCredit[] = [];
  #whole = false;

  /** A new path may bring another. */
  clear(): void {
    this.#parts = [];
    this.#whole = false;
  }

  /** Undefined until the last part is here. @throws DecodeError for what may not come. */
  add(part: SessionResume, sessionId: Uint8Array): WholeResume | undefined {
    if (this.#whole) throw new DecodeError('session resume', 0, 'came twice on one path');
    if (!equal(part.sessionId, sessionId)) throw new DecodeError('session resume', 0, 'is of another session');
    this.#parts.push(...part.entries);
    if (this.#parts.length > 2 * STREAMS_MAX) throw new DecodeError('session resume', 0, 'has more streams than there can be');
    if (!part.lastPart) return undefined;
    this.#whole = true;
    return { seen: part.seen, entries: new Map(this.#parts.map((entry) => [entry.stream, entry])) };
  }
}

/**
 * Brings one stream to where the other side stands.
 *
 *   live   goes on from there
 *   over   nothing is left of it at the other side
 *   lost   the other side has forgotten what it once knew: a restart, not a lost path
 *
 * @throws DecodeError when it acknowledges what was never sent.
 */
export function resumeStream(stream: StreamState, { seen, entries }: WholeResume): 'live' | 'over' | 'lost' {
  const entry = entries.get(stream.id);
  if (entry !== undefined) {
    if (entry.received < stream.send.acked) return 'lost';
    if (!stream.onCredit(entry.received, entry.limit)) throw new DecodeError('session resume', 0, 'acknowledges what was never sent');
    stream.send.rewind(entry.received);
    stream.known = stream.openSent = true;
    return stream.over ? 'over' : 'live';
  }
  if (stream.ours && stream.id > seen) {
    if (stream.known) return 'lost';
    stream.openSent = false;
    stream.send.rewind(0);
    return 'live';
  }
  stream.onForgottenThere();
  return 'over';
}
