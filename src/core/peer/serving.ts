import type { PeerId } from '../bytes/brand.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import type { DirectoryServer } from '../directory/index.ts';
import type { DhtNode } from '../dht/index.ts';
import type { PeerStreams } from '../ports.ts';
import { type Answerer, serveSignal, signalThrough } from '../signal/index.ts';
import { readAll, type SessionStream } from '../stream/index.ts';
import { decodeExitTarget, type ExitTarget } from '../wire/exit.ts';
import { END, STREAM } from '../wire/registry.ts';
import { QUESTION_MAX_BYTES } from './constants.ts';

/** Opens connections for others; who makes them, and decides which, is the platform's affair. */
export interface ExitService {
  /** Those that are open or being opened. */
  readonly connections: number;
  /** Somebody wants a connection: `accept` the stream once it stands, or reset it with the reason why it does not. */
  onConnection(stream: SessionStream, target: ExitTarget): void;
}

export interface ServingOptions {
  readonly self: PeerId;
  readonly directory: DirectoryServer;
  /** Undefined: no store peer. */
  readonly dht: DhtNode | undefined;
  /** Undefined: no WebRTC here. */
  readonly answerer: Answerer | undefined;
  /** Undefined: no exit. */
  readonly exit: ExitService | undefined;
  readonly streams: PeerStreams;
  isLinked(peer: PeerId): boolean;
}

/** What this peer does for whoever asks it down a circuit that ends here. */
export function serveStream(options: ServingOptions, stream: SessionStream): void {
  const { self, directory, dht, answerer, exit, streams, isLinked } = options;
  if (stream.kind === STREAM.directory) void answer(stream, (request) => directory.serve(request));
  else if (stream.kind === STREAM.dht && dht !== undefined) void answer(stream, (request) => dht.serve(request));
  else if (stream.kind === STREAM.exit && exit !== undefined) connectFor(exit, stream);
  else if (stream.kind === STREAM.signal) {
    void serveSignal(stream, {
      self,
      forward: async (target, request) => (isLinked(target) ? signalThrough(streams, target, request, 'link') : undefined),
      answer: async (request) => {
        if (answerer === undefined) throw new GlobalNetError('unsupported', 'no WebRTC here');
        return answerer.answer(request);
      },
    });
  } else stream.reset(END.refused);
}

/** One question read to its end, one answer. */
async function answer(stream: SessionStream, serve: (request: Uint8Array) => Uint8Array | Promise<Uint8Array>): Promise<void> {
  try {
    await stream.write(await serve(await readAll(stream, QUESTION_MAX_BYTES)));
    stream.end();
  } catch {
    stream.reset(END.internal); // the asker went away, or sent too much: it knows already
  }
}

function connectFor(exit: ExitService, stream: SessionStream): void {
  let target: ExitTarget;
  try {
    target = decodeExitTarget(stream.request);
  } catch {
    return stream.reset(END.malformed);
  }
  exit.onConnection(stream, target);
}
