import type { ByteStream } from '../ports.ts';
import { type SessionStream, StreamReset } from '../stream/index.ts';
import type { EndReason } from '../wire/registry.ts';

/** What a reset means for whoever opened the stream, where it means something of its own. */
export type ResetWords = (reason: EndReason) => Error | undefined;

/** A stream whose resets are told as what they mean: those who read it know no stream's reasons. */
export function toldStream(stream: SessionStream, words: ResetWords): ByteStream & { readonly connected: Promise<void> } {
  const told = (error: unknown): never => {
    throw (error instanceof StreamReset && words(error.reason)) || error;
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
