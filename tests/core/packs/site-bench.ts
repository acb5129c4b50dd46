import { MemoryRecords } from '../../../src/adapters/memory-store.ts';
import type { PackProgress, PackWarning } from '../../../src/core/packs/events.ts';
import { PackStore } from '../../../src/core/packs/pack-store.ts';
import { SiteReader, type SiteReaderOptions } from '../../../src/core/packs/site-reader.ts';
import { type SiteContent, SiteServer } from '../../../src/core/packs/site-server.ts';
import type { ByteStream } from '../../../src/core/ports.ts';
import { type TestEnv, testEnv } from '../../support/test-env.ts';
import { MemoryChunks, siteOf, type StreamPair, streamPair } from './support.ts';

export const page = new TextEncoder().encode('<h1>hello</h1>');

export interface Bench {
  env: TestEnv;
  server: SiteServer;
  store: PackStore;
  chunks: MemoryChunks;
  pairs: StreamPair[];
  warnings: PackWarning[];
  progress: PackProgress[];
  reader(changed?: Partial<SiteReaderOptions>): SiteReader;
}

/** A server and a store; each reader opens streams to the server. `limits[i]` cuts the i-th stream after so many bytes. */
export function bench(
  content: SiteContent,
  author: Uint8Array,
  { env = testEnv(), limits = [] as number[], room = Number.POSITIVE_INFINITY } = {},
): Bench {
  const server = new SiteServer(env, content);
  const pairs: StreamPair[] = [];
  const warnings: PackWarning[] = [];
  const progress: PackProgress[] = [];
  const onWarning = (warning: PackWarning) => void warnings.push(warning);
  const chunks = new MemoryChunks(room);
  const store = new PackStore({ env, records: new MemoryRecords(), chunks, onWarning });
  const openStream = async (request: Uint8Array): Promise<ByteStream> => {
    const limitBytes = limits[pairs.length] ?? Number.POSITIVE_INFINITY;
    const pair = streamPair(request, { limitBytes });
    pairs.push(pair);
    void server.serve(pair.acceptor);
    return pair.opener;
  };
  const reader = (changed: Partial<SiteReaderOptions> = {}) =>
    new SiteReader({ env, store, author, openStream, onWarning, onProgress: (step) => void progress.push(step), ...changed });
  return { env, server, store, chunks, pairs, warnings, progress, reader };
}

export function siteBench(files: Record<string, Uint8Array>, options: Parameters<typeof bench>[2] = {}) {
  const env = options.env ?? testEnv();
  const site = siteOf(env, files);
  return { ...bench(site.content, site.author.publicKey, { ...options, env }), site };
}
