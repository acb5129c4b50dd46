import { GlobalNetError } from '../bytes/errors.ts';
import { CHUNK_BYTES } from '../wire/geometry.ts';
import { chunkCount, type FileEntry } from '../wire/manifest.ts';
import { chunkPlace } from './chunk-place.ts';
import type { Chunk, ChunkSource } from './chunk-source.ts';
import { PRIORITY, READ_AHEAD_CHUNKS } from './constants.ts';
import type { PackProgress } from './events.ts';
import type { ResolvedPath } from './resolve-path.ts';

/** A file of a site, as `SiteReader.open` found it. It can be read again and again, in parts, at once. */
export class FileReading {
  readonly entry: FileEntry;
  /** 404: the asked path is not there, and `entry` is the site's own 404.html. */
  readonly status: 200 | 404;
  /** The path named a folder without its last '/': links in the page are relative to this one. */
  readonly redirect: string | undefined;

  constructor(
    found: ResolvedPath,
    private readonly source: ChunkSource,
    private readonly onProgress: ((progress: PackProgress) => void) | undefined,
  ) {
    this.entry = found.entry;
    this.status = found.status;
    this.redirect = found.redirect;
  }

  /**
   * Whole verified chunks, `first` to `end` (not included), in order.
   * @throws MismatchError; GlobalNetError `unserved` | `closed` | `cancelled` and as the reader's `openStream`; RangeError.
   */
  async *chunks(first = 0, end = chunkCount(this.entry), signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const count = chunkCount(this.entry);
    if (!(first >= 0 && first <= end && end <= count))
      throw new RangeError(`chunks ${first} to ${end} of '${this.entry.path}', which has ${count}`);
    const places = Array.from({ length: end - first }, (_, i) => chunkPlace(this.entry, first + i));
    const totalBytes = places.reduce((sum, place) => sum + place.sizeBytes, 0);
    const options = { priorities: [PRIORITY.now, PRIORITY.now, PRIORITY.soon], aheadChunks: READ_AHEAD_CHUNKS, signal };
    let receivedBytes = 0;
    let fromStoreBytes = 0;
    for await (const chunk of this.source.inOrder(places, options)) {
      receivedBytes += chunk.bytes.length;
      fromStoreBytes += stored(chunk);
      this.onProgress?.({ path: this.entry.path, receivedBytes, totalBytes, fromStoreBytes });
      yield chunk.bytes;
    }
  }

  /** One chunk, in a buffer of its own; those behind it are fetched meanwhile. For a reader who asks chunk by chunk. @throws as `chunks`. */
  async chunk(index: number, signal?: AbortSignal): Promise<Uint8Array> {
    const end = Math.min(chunkCount(this.entry), index + READ_AHEAD_CHUNKS);
    for await (const bytes of this.chunks(index, index + 1, signal)) {
      this.source.fetchAhead(Array.from({ length: end - index - 1 }, (_, i) => chunkPlace(this.entry, index + 1 + i)));
      return bytes.slice();
    }
    throw new GlobalNetError('internal', 'a chunk ended before it came');
  }

  /** Verified bytes `offset` to `offset + lengthBytes`, in pieces as they come. @throws as `chunks`. */
  async *read(offset = 0, lengthBytes = this.entry.sizeBytes - offset, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const end = offset + lengthBytes;
    if (!(offset >= 0 && lengthBytes >= 0 && end <= this.entry.sizeBytes)) {
      throw new RangeError(`bytes ${offset} to ${end} of '${this.entry.path}', which has ${this.entry.sizeBytes}`);
    }
    if (lengthBytes === 0) return;
    const first = Math.floor(offset / CHUNK_BYTES);
    let start = first * CHUNK_BYTES;
    for await (const bytes of this.chunks(first, Math.ceil(end / CHUNK_BYTES), signal)) {
      yield bytes.subarray(Math.max(0, offset - start), Math.min(bytes.length, end - start));
      start += bytes.length;
    }
  }

  /** The whole file in one array: for small ones. @throws as `chunks`. */
  async bytes(signal?: AbortSignal): Promise<Uint8Array> {
    const whole = new Uint8Array(this.entry.sizeBytes);
    let offset = 0;
    for await (const bytes of this.chunks(0, undefined, signal)) {
      whole.set(bytes, offset);
      offset += bytes.length;
    }
    return whole;
  }
}

function stored(chunk: Chunk): number {
  return chunk.fromStore ? chunk.bytes.length : 0;
}
