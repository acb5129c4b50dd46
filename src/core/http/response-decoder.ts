import { concat } from '../bytes/bytes.ts';
import { CHUNK_LINE_MAX_BYTES, HEAD_MAX_BYTES, INTERIM_MAX, LENGTH_MAX_DIGITS } from './constants.ts';
import { bodyEnd, decodeResponseHead, notHttp, type ResponseHead } from './response-head.ts';

/**
 *   head         status line and headers, a line at a time
 *   body         bytes up to a known number
 *   until-end    bytes up to the other side's end
 *   chunk-size   the line that says how long the next chunk is
 *   chunk        its bytes
 *   chunk-end    the empty line behind them
 *   trailers     header lines behind the last chunk, which are dropped
 *   done         the answer is whole; what comes behind it was not asked for
 */
type State = 'head' | 'body' | 'until-end' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailers' | 'done';

const LF = 10;
const CR = 13;
const START = [...'HTTP/1.'].map((letter) => letter.charCodeAt(0));
const CHUNK_SIZE = /^([0-9a-f]+)(?:[ \t]*;.*)?$/i;

/** One answer of HTTP/1.0 or 1.1 to one request, from bytes in pieces of any size. Holds a line of the head, and nothing of the body. */
export class HttpResponseDecoder {
  #state: State = 'head';
  #head: ResponseHead | undefined;
  readonly #isHead: boolean;
  #lines: string[] = [];
  /** Of the line that has not ended. */
  #parts: Uint8Array[] = [];
  #lineBytes = 0;
  /** Of all lines but those before chunks. */
  #headBytes = 0;
  #interim = 0;
  /** Of the body or chunk. */
  #missingBytes = 0;
  #offset = 0;

  /** @param isHead the request was HEAD: no body comes, whatever the headers say. */
  constructor(isHead: boolean) {
    this.#isHead = isHead;
  }

  /** Undefined until all of it has come. */
  get head(): ResponseHead | undefined {
    return this.#head;
  }

  get done(): boolean {
    return this.#state === 'done';
  }

  /** The bytes of the body among them: views, in order, none empty. @throws DecodeError; it is over then. */
  push(bytes: Uint8Array): Uint8Array[] {
    const body: Uint8Array[] = [];
    let at = 0;
    while (at < bytes.length && this.#state !== 'done') {
      const rest = bytes.subarray(at);
      const used = this.#isCounted ? this.#takeBody(rest, body) : this.#takeLine(rest);
      at += used;
      this.#offset += used;
    }
    return body;
  }

  /** The other side has ended. @throws DecodeError when the answer is not whole. */
  end(): void {
    if (this.#state === 'until-end') this.#state = 'done';
    if (this.#state !== 'done') throw notHttp(this.#head === undefined ? 'it ended before its headers did' : 'it broke off', this.#offset);
  }

  get #isCounted(): boolean {
    return this.#state === 'body' || this.#state === 'chunk' || this.#state === 'until-end';
  }

  #takeBody(bytes: Uint8Array, body: Uint8Array[]): number {
    if (this.#state === 'until-end') {
      body.push(bytes);
      return bytes.length;
    }
    const part = bytes.subarray(0, this.#missingBytes);
    body.push(part);
    this.#missingBytes -= part.length;
    if (this.#missingBytes === 0) this.#state = this.#state === 'body' ? 'done' : 'chunk-end';
    return part.length;
  }

  #takeLine(bytes: Uint8Array): number {
    const end = bytes.indexOf(LF);
    const part = end < 0 ? bytes : bytes.subarray(0, end + 1);
    this.#checkStart(part);
    this.#lineBytes += part.length;
    const isChunkLine = this.#state === 'chunk-size' || this.#state === 'chunk-end';
    if (!isChunkLine) this.#headBytes += part.length;
    if (this.#headBytes > HEAD_MAX_BYTES) throw notHttp(`its headers are longer than ${HEAD_MAX_BYTES} bytes`, this.#offset);
    if (isChunkLine && this.#lineBytes > CHUNK_LINE_MAX_BYTES) throw notHttp('a chunk has no length', this.#offset);
    this.#parts.push(end < 0 ? part.slice() : part);
    if (end >= 0) this.#endLine();
    return part.length;
  }

  /** Another protocol is told by its first bytes, which may be all that it says. */
  #checkStart(part: Uint8Array): void {
    if (this.#state !== 'head' || this.#lines.length > 0) return;
    for (let i = 0; i < part.length && this.#lineBytes + i < START.length; i++) {
      if (part[i] !== START[this.#lineBytes + i]) throw notHttp('it does not begin with HTTP/1.', this.#offset + i);
    }
  }

  #endLine(): void {
    const line = concat(...this.#parts);
    this.#parts = [];
    this.#lineBytes = 0;
    if (line.at(-2) !== CR) throw notHttp('a line does not end in CRLF', this.#offset);
    this.#onLine(latin1(line.subarray(0, -2)));
  }

  #onLine(line: string): void {
    switch (this.#state) {
      case 'head':
        if (line === '') this.#endHead();
        else this.#lines.push(line);
        return;
      case 'chunk-size':
        return this.#beginChunk(line);
      case 'chunk-end':
        if (line !== '') throw notHttp('a chunk is longer than announced', this.#offset);
        this.#state = 'chunk-size';
        return;
      default: // trailers
        if (line === '') this.#state = 'done';
    }
  }

  #endHead(): void {
    const head = decodeResponseHead(this.#lines);
    this.#lines = [];
    if (head.status < 200) {
      if (head.status === 101 || ++this.#interim > INTERIM_MAX) throw notHttp('it goes on in a way that was not asked for', this.#offset);
      return; // the answer itself follows
    }
    const end = bodyEnd(head, this.#isHead);
    this.#head = head;
    if (end.by === 'chunks') this.#state = 'chunk-size';
    else if (end.by === 'end') this.#state = 'until-end';
    else {
      this.#missingBytes = end.lengthBytes;
      this.#state = end.lengthBytes === 0 ? 'done' : 'body';
    }
  }

  #beginChunk(line: string): void {
    const digits = CHUNK_SIZE.exec(line)?.[1]?.replace(/^0+(?=.)/, '');
    if (digits === undefined || digits.length > LENGTH_MAX_DIGITS - 3) throw notHttp('a chunk has no length', this.#offset);
    this.#missingBytes = Number.parseInt(digits, 16);
    this.#state = this.#missingBytes === 0 ? 'trailers' : 'chunk';
  }
}

/** A character for each byte. */
function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return text;
}
