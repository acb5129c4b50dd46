import { DecodeError } from '../bytes/errors.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { CHUNK_BYTES, HASH_BYTES, HEAD_BYTES, MANIFEST_MAX_BYTES, PATH_MAX_BYTES, SITE_HASHES_MAX, SITE_HEADER_BYTES } from './geometry.ts';
import { SITE, SITE_OPEN_FLAG } from './registry.ts';

/**
 * A site stream, both directions: messages of
 *
 *   type     1  SITE
 *   length   4
 *   content
 *
 * From the reader; the first of them is the stream's own request, so it rides in early data:
 *
 *   open      serial held 8 (0: none) ‖ hash of the manifest held 32 ‖ flags 1 ‖ first chunk 4 ‖ chunks 4 ‖ push budget 4 ‖
 *             path length 2 ‖ path
 *   chunks    priority 1 (0 is first) ‖ 1 to SITE_HASHES_MAX hashes of 32
 *   cancel    the same hashes, no longer wanted: without priority
 *
 * From the server:
 *
 *   head      a signed head (wire/head.ts)                                             after open, where there is one
 *   manifest  a signed manifest (wire/manifest.ts)                                     after open
 *   same      nothing: the manifest held is the newest                                 after open, instead of it
 *   chunk     hash 32 ‖ bytes, 1 to CHUNK_BYTES
 *   missing   hash 32: not served here
 *   sent      hash 32: asked for, but pushed earlier in this stream
 *   end       nothing: all that `open` asked for and pushed has been sent
 */
export type SiteMessage =
  | OpenRequest
  | { readonly type: typeof SITE.chunks; readonly priority: number; readonly hashes: readonly Uint8Array[] }
  | { readonly type: typeof SITE.cancel; readonly hashes: readonly Uint8Array[] }
  | { readonly type: typeof SITE.head | typeof SITE.manifest; readonly bytes: Uint8Array }
  | { readonly type: typeof SITE.chunk; readonly hash: Uint8Array; readonly bytes: Uint8Array }
  | { readonly type: typeof SITE.missing | typeof SITE.sent; readonly hash: Uint8Array }
  | { readonly type: typeof SITE.same }
  | { readonly type: typeof SITE.end };

export interface OpenRequest {
  readonly type: typeof SITE.open;
  /** What the reader holds already; 0 and 32 zero bytes when nothing. The server leaves out what that manifest lists. */
  readonly serialHeld: number;
  readonly manifestHeld: Uint8Array;
  /** Of the file at `path`, all chunks that the held manifest lists are here (flag 1). */
  readonly fileHeld: boolean;
  /** Which chunks of the file at `path` are wanted at once. */
  readonly firstChunk: number;
  readonly chunks: number;
  /** So many bytes of the site's other files may follow unasked. */
  readonly pushBytes: number;
  /** As in `resolvePath`: '' is the site's front page. */
  readonly path: string;
}

export function encodeSiteMessage(message: SiteMessage): Uint8Array {
  const writer = new Writer(SITE_HEADER_BYTES + 128);
  writer.u8(message.type).u32(0);
  writeContent(writer, message);
  const bytes = writer.done();
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(1, bytes.length - SITE_HEADER_BYTES);
  return bytes;
}

function writeContent(writer: Writer, message: SiteMessage): void {
  switch (message.type) {
    case SITE.open:
      writer
        .u64(message.serialHeld)
        .raw(message.manifestHeld)
        .u8(message.fileHeld ? SITE_OPEN_FLAG.fileHeld : 0);
      writer.u32(message.firstChunk).u32(message.chunks).u32(message.pushBytes).text16(message.path);
      return;
    case SITE.chunks:
      writer.u8(message.priority);
      for (const hash of message.hashes) writer.raw(hash);
      return;
    case SITE.cancel:
      for (const hash of message.hashes) writer.raw(hash);
      return;
    case SITE.head:
    case SITE.manifest:
      writer.raw(message.bytes);
      return;
    case SITE.chunk:
      writer.raw(message.hash).raw(message.bytes);
      return;
    case SITE.missing:
    case SITE.sent:
      writer.raw(message.hash);
  }
}

function lengthAllowed(type: number, lengthBytes: number): boolean {
  switch (type) {
    case SITE.open:
      return lengthBytes <= 8 + HASH_BYTES + 1 + 4 + 4 + 4 + 2 + PATH_MAX_BYTES;
    case SITE.chunks:
    case SITE.cancel:
      return lengthBytes <= 1 + SITE_HASHES_MAX * HASH_BYTES;
    case SITE.head:
      return lengthBytes === HEAD_BYTES;
    case SITE.manifest:
      return lengthBytes <= MANIFEST_MAX_BYTES;
    case SITE.chunk:
      return lengthBytes > HASH_BYTES && lengthBytes <= HASH_BYTES + CHUNK_BYTES;
    case SITE.missing:
    case SITE.sent:
      return lengthBytes === HASH_BYTES;
    case SITE.same:
    case SITE.end:
      return lengthBytes === 0;
    default:
      return false;
  }
}

function readHashes(reader: Reader): Uint8Array[] {
  const count = reader.left / HASH_BYTES;
  if (!Number.isInteger(count) || count < 1 || count > SITE_HASHES_MAX)
    reader.fail(`${reader.left} bytes of hashes, wanted 1 to ${SITE_HASHES_MAX} of ${HASH_BYTES}`);
  return Array.from({ length: count }, () => reader.raw(HASH_BYTES, 'hash'));
}

function readFlags(reader: Reader): boolean {
  const flags = reader.u8('flags');
  if (flags > SITE_OPEN_FLAG.fileHeld) reader.fail(`flags ${flags}`);
  return flags === SITE_OPEN_FLAG.fileHeld;
}

function readContent(type: number, reader: Reader): SiteMessage {
  switch (type) {
    case SITE.open:
      return {
        type,
        serialHeld: reader.u64('serial held'),
        manifestHeld: reader.raw(HASH_BYTES, 'manifest held'),
        fileHeld: readFlags(reader),
        firstChunk: reader.u32('first chunk'),
        chunks: reader.u32('chunks'),
        pushBytes: reader.u32('push budget'),
        path: reader.text16(PATH_MAX_BYTES, 'path'),
      };
    case SITE.chunks:
      return { type, priority: reader.u8('priority'), hashes: readHashes(reader) };
    case SITE.cancel:
      return { type, hashes: readHashes(reader) };
    case SITE.head:
    case SITE.manifest:
      return { type, bytes: reader.rest() };
    case SITE.chunk:
      return { type, hash: reader.raw(HASH_BYTES, 'hash'), bytes: reader.rest() };
    case SITE.missing:
    case SITE.sent:
      return { type, hash: reader.raw(HASH_BYTES, 'hash') };
    case SITE.same:
    case SITE.end:
      return { type };
    default:
      return reader.fail(`unknown type ${type}`);
  }
}

/** Cuts a stream's bytes into messages. Holds at most one message that is not whole yet, and refuses its length before it is held. */
export class SiteDecoder {
  #parts: Uint8Array[] = [];
  #heldBytes = 0;

  /** @throws DecodeError; the stream is then useless. */
  *push(bytes: Uint8Array): Generator<SiteMessage> {
    this.#parts.push(bytes);
    this.#heldBytes += bytes.length;
    while (this.#heldBytes >= SITE_HEADER_BYTES) {
      const header = this.#join(SITE_HEADER_BYTES);
      const type = header[0] as number;
      const lengthBytes = new DataView(header.buffer, header.byteOffset).getUint32(1);
      if (!lengthAllowed(type, lengthBytes)) throw new DecodeError('site message', 1, `type ${type} of ${lengthBytes} bytes`);
      if (this.#heldBytes < SITE_HEADER_BYTES + lengthBytes) return;
      yield this.#take(type, lengthBytes);
    }
  }

  /** Nothing is left over: the stream ended between two messages. */
  get whole(): boolean {
    return this.#heldBytes === 0;
  }

  #take(type: number, lengthBytes: number): SiteMessage {
    const whole = this.#join(SITE_HEADER_BYTES + lengthBytes);
    const end = SITE_HEADER_BYTES + lengthBytes;
    const reader = new Reader(whole.subarray(SITE_HEADER_BYTES, end), 'site message');
    const rest = whole.subarray(end);
    this.#parts = rest.length > 0 ? [rest] : [];
    this.#heldBytes = rest.length;
    const message = readContent(type, reader);
    reader.end();
    return message;
  }

  /** The first part, made to hold at least so many bytes; the parts are joined only when they must be, so a manifest of 16 MB is copied once. */
  #join(lengthBytes: number): Uint8Array {
    let first = this.#parts[0] as Uint8Array;
    if (first.length >= lengthBytes) return first;
    const joined = new Uint8Array(this.#heldBytes);
    let offset = 0;
    for (const part of this.#parts) {
      joined.set(part, offset);
      offset += part.length;
    }
    first = joined;
    this.#parts = [joined];
    return first;
  }
}

/** The one message that a stream's request holds. @throws DecodeError. */
export function decodeSiteRequest(request: Uint8Array): SiteMessage {
  const decoder = new SiteDecoder();
  const [message] = decoder.push(request);
  if (message === undefined || !decoder.whole) throw new DecodeError('site request', request.length, 'wanted one whole message');
  return message;
}
