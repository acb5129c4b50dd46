import type { ByteStream } from '../ports.ts';
import { StreamReset } from '../stream/index.ts';
import { END, type EndReason } from '../wire/registry.ts';
import type { ServiceSession } from './service-session.ts';

/** What a reset means for whoever opened the stream, where it means something of its own. */
export type ResetWords = (reason: EndReason) => Error | undefined;

export interface ToldStream extends ByteStream {
  readonly connected: Promise<void>;
}

/**
 * Opens a stream whose resets are told as what they mean: those who read it know no stream's reasons. Where the whole visit was refused,
 * that is told, and not `words`.
 * @throws as `ServiceSession.openStream`.
 */
export async function openTold(
  visit: Pick<ServiceSession, 'openStream' | 'turnedAway'>,
  words: ResetWords,
  ...wish: Parameters<ServiceSession['openStream']>
): Promise<ToldStream> {
  const stream = await visit.openStream(...wish);
  const told = (error: unknown): never => {
    if (!(error instanceof StreamReset)) throw error;
    throw (error.reason === END.refused && visit.turnedAway) || words(error.reason) || error;
  };
  return {
    kind: stream.kind,
    request: stream.request,
    read: () => stream.read().catch(told),
    write: (bytes) => stream.write(bytes).catch(told),
    end: () => stream.end(),
    reset: (reason) => stream.reset(reason),
    get connected() {
      return stream.connected.catch(told);
    },
  };
}
