import type { Env } from '../../../src/core/env.ts';
import { GlobalNetError } from '../../../src/core/bytes/errors.ts';
import { base32 } from '../../../src/core/bytes/base32.ts';
import { newIdentity } from '../../../src/core/crypto/identity.ts';
import type { ByteStream, ChunkStore } from '../../../src/core/ports.ts';
import { CHUNK_BYTES } from '../../../src/core/wire/geometry.ts';
import { type FileEntry, type Manifest, signManifest } from '../../../src/core/wire/manifest.ts';
import { MismatchError, type MismatchPart } from '../../../src/core/wire/mismatch.ts';
import type { EndReason } from '../../../src/core/wire/registry.ts';
import { STREAM } from '../../../src/core/wire/registry.ts';
import { concat } from '../../../src/core/bytes/bytes.ts';
import { chunkKey } from '../../../src/core/packs/chunk-place.ts';
import type { SiteContent } from '../../../src/core/packs/site-server.ts';
import { seededRandom } from '../../../src/sim/random.ts';

/** One direction of a stream in memory: a writer waits while more than `windowBytes` lie unread. */
class Lane {
  readonly #queue: Uint8Array[] = [];
  #bytes = 0;
  #ended = false;
  #failure: GlobalNetError | undefined;
  #changed: (() => void)[] = [];
  totalBytes = 0;

  constructor(private readonly windowBytes: number) {}

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#failure) throw this.#failure;
    this.#queue.push(bytes);
    this.#bytes += bytes.length;
    this.totalBytes += bytes.length;
    this.#notify();
    while (this.#bytes > this.windowBytes && !this.#failure) await this.#change();
    if (this.#failure) throw this.#failure;
  }

  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.#failure) throw this.#failure;
      const next = this.#queue.shift();
      if (next) {
        this.#bytes -= next.length;
        this.#notify();
        return next;
      }
      if (this.#ended) return undefined;
      await this.#change();
    }
  }

  end(): void {
    this.#ended = true;
    this.#notify();
  }

  fail(failure: GlobalNetError): void {
    this.#failure ??= failure;
    this.#notify();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#changed.push(resolve));
  }

  #notify(): void {
    for (const wake of this.#changed.splice(0)) wake();
  }
}

export interface StreamPair {
  readonly opener: ByteStream;
  readonly acceptor: ByteStream;
  /** Bytes written so far by the acceptor. */
  answeredBytes(): number;
  resets: EndReason[];
  cut(): void;
}

/** The two ends of one stream. `limitBytes`: so many bytes come back before the stream dies. */
export function streamPair(request: Uint8Array, { windowBytes = 262_144, limitBytes = Number.POSITIVE_INFINITY } = {}): StreamPair {
  const up = new Lane(windowBytes);
  const down = new Lane(windowBytes);
  const resets: EndReason[] = [];
  const cut = (message = 'the stream was cut') => {
    const failure = new GlobalNetError('closed', message);
    up.fail(failure);
    down.fail(failure);
  };
  const end = (read: Lane, write: Lane, isAcceptor: boolean): ByteStream => ({
    kind: STREAM.site,
    request,
    read: () => read.read(),
    async write(bytes) {
      if (isAcceptor && write.totalBytes + bytes.length > limitBytes) {
        await write.write(bytes.slice(0, limitBytes - write.totalBytes));
        setTimeout(() => cut(), 1); // what was written before it is read first
        await new Promise(() => undefined);
      }
      await write.write(bytes.slice());
      bytes.fill(0); // taken over: a caller who still uses them finds out
    },
    end: () => write.end(),
    reset: (reason) => {
      resets.push(reason);
      cut(`reset with reason ${reason}`);
    },
  });
  return { opener: end(down, up, false), acceptor: end(up, down, true), resets, cut, answeredBytes: () => down.totalBytes };
}

export class MemoryChunks implements ChunkStore {
  readonly map = new Map<string, Uint8Array>();
  puts = 0;
  constructor(readonly roomBytes = Number.POSITIVE_INFINITY) {}
  async get(hash: Uint8Array): Promise<Uint8Array | undefined> {
    return this.map.get(base32(hash));
  }
  async has(hash: Uint8Array): Promise<boolean> {
    return this.map.has(base32(hash));
  }
  async put(hash: Uint8Array, chunk: Uint8Array): Promise<void> {
    if ((await this.usedBytes()) + chunk.length > this.roomBytes) throw new GlobalNetError('full', 'no room');
    this.puts++;
    this.map.set(base32(hash), chunk.slice());
  }
  async delete(hash: Uint8Array): Promise<void> {
    this.map.delete(base32(hash));
  }
  async usedBytes(): Promise<number> {
    return [...this.map.values()].reduce((sum, chunk) => sum + chunk.length, 0);
  }
}

/** A file's entry and its chunks. */
export function entryOf(
  env: Env,
  path: string,
  bytes: Uint8Array,
  mediaType = 'application/octet-stream',
): { entry: FileEntry; chunks: Uint8Array[] } {
  const chunks: Uint8Array[] = [];
  for (let offset = 0; offset < bytes.length; offset += CHUNK_BYTES) chunks.push(bytes.slice(offset, offset + CHUNK_BYTES));
  const chunkHashes = chunks.length > 1 ? concat(...chunks.map((chunk) => env.crypto.sha256(chunk))) : new Uint8Array(0);
  return { entry: { path, sizeBytes: bytes.length, mediaType, hash: env.crypto.sha256(bytes), chunkHashes }, chunks };
}

export const fields: Omit<Manifest, 'author' | 'files'> = {
  type: 'site',
  serial: 1,
  previous: undefined,
  title: 'A site',
  tags: ['test'],
  references: [],
  infoHash: undefined,
  createdMs: 1_700_000_000_000,
};

/** A site in memory, as a server serves it. */
export function siteOf(env: Env, files: Record<string, Uint8Array>, changed: Partial<Manifest> = {}, author = newIdentity(env)) {
  const chunks = new Map<string, Uint8Array>();
  const entries = Object.entries(files).map(([path, bytes]) => {
    const made = entryOf(env, path, bytes);
    for (const chunk of made.chunks) chunks.set(chunkKey(env.crypto.sha256(chunk)), chunk);
    return made.entry;
  });
  const manifest = signManifest(env.crypto, author, { ...fields, ...changed, files: entries });
  const content: SiteContent = { manifest, head: undefined, chunk: async (hash) => chunks.get(chunkKey(hash)) };
  return { author, manifest, content, chunks };
}

/** Bytes that look like nothing, the same for one name. */
export function noise(name: string, lengthBytes: number): Uint8Array {
  return seededRandom(name)(lengthBytes);
}

export async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return concat(...parts);
}

/** Whether an error says that this part is not what was signed. */
export function mismatch(part: MismatchPart) {
  return (error: unknown) => error instanceof MismatchError && error.detail.part === part;
}
