import { GlobalNetError } from '../../src/core/bytes/errors.ts';

/** Deflate makes at most 1,032 bytes of one: what one piece unpacks to at once stays below 5 MB. */
const PIECE_BYTES = 4_096;
/** What unpacks to no more than this may be as dense as it likes. */
const FREE_BYTES = 8 * 1024 * 1024;
/** Beyond it: text comes to 20 times its size, a log of one line to some 200. */
const GROWTH_MAX = 250;

/**
 * What a service compressed for the way, as it was, no more of it at a time than is read. It is done here, on the site's own origin: what a hostile
 * service makes of the browser's decompressor is not beside the peer.
 * @throws GlobalNetError `unsupported` for what is not compressed so, was cut, or grows beyond all measure; and as the parts.
 */
export async function* inflated(
  parts: AsyncGenerator<Uint8Array, void, undefined>,
  coding: 'gzip' | 'deflate',
): AsyncGenerator<Uint8Array, void, undefined> {
  const first = await parts.next();
  if (first.done) return; // what is empty, many servers do not compress and say that they did
  const stream = new DecompressionStream(coding === 'deflate' && !isZlib(first.value) ? 'deflate-raw' : coding);
  const feeding = new Feeding(stream.writable.getWriter());
  void feeding.run(first.value, parts);
  const reader = stream.readable.getReader();
  try {
    for (let givenBytes = 0; ; ) {
      const { value, done } = await reader.read().catch(() => Promise.reject(feeding.failure ?? notCompressed(coding)));
      if (done) return;
      givenBytes += value.length;
      if (givenBytes > FREE_BYTES && givenBytes > GROWTH_MAX * feeding.fedBytes) throw tooDense();
      yield value;
    }
  } finally {
    void reader.cancel().catch(() => undefined);
    void parts.return(undefined);
  }
}

/** What goes into the decompressor, a piece when the one before has come out. */
class Feeding {
  fedBytes = 0;
  /** Why the parts ended early. */
  failure: GlobalNetError | undefined;

  constructor(private readonly writer: WritableStreamDefaultWriter<BufferSource>) {}

  /** Never rejects: whoever reads the other end hears of it. */
  async run(first: Uint8Array, parts: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      await this.#feed(first);
      for await (const part of parts) await this.#feed(part);
      await this.writer.close();
    } catch (error) {
      if (error instanceof GlobalNetError) this.failure = error; // else the decompressor's, or nobody reads on
      void this.writer.abort(error).catch(() => undefined);
    }
  }

  async #feed(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      this.fedBytes += piece.length;
      await this.writer.write(piece as Uint8Array<ArrayBuffer>);
    }
  }
}

/** RFC 9110 means zlib's format by 'deflate' (RFC 1950); some servers send what is inside of it alone. */
function isZlib(bytes: Uint8Array): boolean {
  const [method = 0, flags = 0] = bytes;
  return bytes.length === 1 || ((method & 15) === 8 && ((method << 8) | flags) % 31 === 0);
}

function notCompressed(coding: string): GlobalNetError {
  return new GlobalNetError('unsupported', `the service says that its answer is compressed (${coding}), and it is not, or not to its end`);
}

function tooDense(): GlobalNetError {
  return new GlobalNetError(
    'unsupported',
    `what comes grows to more than ${GROWTH_MAX} times its size when it is unpacked: the app stops there`,
  );
}
