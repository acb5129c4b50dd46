import { GlobalNetError, messageOf } from '../bytes/errors.ts';
import type { Env } from '../env.ts';
import type { ByteStream } from '../ports.ts';
import type { VerifiedManifest } from '../wire/manifest.ts';
import { END } from '../wire/registry.ts';
import { SERVER_STREAMS_MAX } from './constants.ts';
import { SiteStream } from './site-stream.ts';

/** What a server serves. */
export interface SiteContent {
  readonly manifest: VerifiedManifest;
  /** Signed head for the present period (wire/head.ts), where there is one. */
  readonly head: Uint8Array | undefined;
  /** A chunk of this manifest, or of an earlier version that is still at hand. Undefined for all else. The bytes are copied before they are sent. */
  chunk(hash: Uint8Array): Promise<Uint8Array | undefined>;
  /** An earlier version, by which the server leaves out what a reader holds. */
  earlier?(manifestHash: Uint8Array): Promise<VerifiedManifest | undefined>;
}

/** So much a site's server has done. */
export interface SiteServerStats {
  openStreams: number;
  streams: number;
  sentBytes: number;
  sentChunks: number;
  /** Chunks asked for that were not here: the folder has changed under the server, or somebody guesses. */
  missingChunks: number;
}

/** Answers site streams for one site. Knows no reader from another. */
export class SiteServer {
  readonly stats: SiteServerStats = { openStreams: 0, streams: 0, sentBytes: 0, sentChunks: 0, missingChunks: 0 };
  readonly #env: Env;
  #content: SiteContent;

  constructor(env: Env, content: SiteContent) {
    this.#env = env;
    this.#content = content;
  }

  get content(): SiteContent {
    return this.#content;
  }

  /** A new version. Streams that are open go on with the version they began with. */
  publish(content: SiteContent): void {
    this.#content = content;
  }

  /** Serves one stream to its end. Never rejects: what goes wrong resets the stream. */
  async serve(stream: ByteStream): Promise<void> {
    if (this.stats.openStreams >= SERVER_STREAMS_MAX) {
      stream.reset(END.full);
      return;
    }
    this.stats.openStreams++;
    this.stats.streams++;
    try {
      await new SiteStream(this.#env, () => this.#content, stream, this.stats).run();
    } catch (error) {
      this.#end(stream, error);
    } finally {
      this.stats.openStreams--;
    }
  }

  #end(stream: ByteStream, error: unknown): void {
    const kind = error instanceof GlobalNetError ? error.kind : 'internal';
    if (kind === 'internal') this.#env.log('error', 'packs', `serving a site: ${messageOf(error)}`);
    if (kind === 'closed') return; // the reader went away
    stream.reset(kind === 'malformed' ? END.malformed : kind === 'full' ? END.full : END.internal);
  }
}
