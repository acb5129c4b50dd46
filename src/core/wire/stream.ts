import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { HOLDER_TOKEN_BYTES, SESSION_HOLDER_BYTES, SESSION_ID_BYTES, STREAM_REQUEST_MAX_BYTES } from './geometry.ts';
import type { EndReason, HolderKind, StreamKind } from './registry.ts';

/**
 * Session and stream messages: in channel 0, or sealed end to end in a rendezvous channel. § docs/spec/06-streams.md
 * Offsets count the bytes of one direction of one stream; 6 bytes hold 256 TiB.
 *
 *   streamOpen        stream 4 ‖ kind 1 ‖ credit 4 ‖ request to the end
 *   streamConnected   stream 4
 *   streamData        stream 4 ‖ offset 6 ‖ bytes to the end
 *   streamCredit      stream 4 ‖ received 6 ‖ limit 6
 *   streamEnd         stream 4 ‖ final 6
 *   streamReset       stream 4 ‖ reason 1
 *   sessionResume     session id 16 ‖ flags 1 ‖ seen 4 ‖ entries of (stream 4 ‖ received 6 ‖ limit 6)
 *   sessionMove       reserved: contents of any length, ignored
 *   sessionHolder     kind 1 (HOLDER) ‖ token 16
 */

export interface StreamOpen {
  readonly stream: number;
  readonly kind: StreamKind;
  /** Bytes the opener takes before it gives more credit. */
  readonly creditBytes: number;
  readonly request: Uint8Array;
}

export function encodeStreamOpen(open: StreamOpen): Uint8Array {
  return new Writer(9 + open.request.length).u32(open.stream).u8(open.kind).u32(open.creditBytes).raw(open.request).done();
}

/** A kind of a later version is passed on as it is. @throws DecodeError when it is cut short, its request is too long, or the id is 0. */
export function decodeStreamOpen(content: Uint8Array): StreamOpen {
  const reader = new Reader(content, 'stream open');
  const stream = streamId(reader);
  const kind = reader.u8('kind') as StreamKind;
  const creditBytes = reader.u32('credit');
  if (reader.left > STREAM_REQUEST_MAX_BYTES)
    reader.fail(`request is ${reader.left} bytes, at most ${STREAM_REQUEST_MAX_BYTES} are allowed`);
  return { stream, kind, creditBytes, request: reader.rest() };
}

export function encodeStreamConnected(stream: number): Uint8Array {
  return new Writer(4).u32(stream).done();
}

/** @throws DecodeError */
export function decodeStreamConnected(content: Uint8Array): number {
  const reader = new Reader(content, 'stream connected');
  const stream = streamId(reader);
  reader.end();
  return stream;
}

export interface StreamData {
  readonly stream: number;
  readonly offset: number;
  /** A view of the payload it came in. */
  readonly bytes: Uint8Array;
}

/** Writes the fields before the bytes, into a message's content at `at`. */
export function writeStreamDataHeader(payload: Uint8Array, at: number, stream: number, offset: number): void {
  const view = new DataView(payload.buffer, payload.byteOffset + at, 10);
  view.setUint32(0, stream);
  view.setUint16(4, Math.floor(offset / 2 ** 32));
  view.setUint32(6, offset % 2 ** 32);
}

/** @throws DecodeError */
export function decodeStreamData(content: Uint8Array): StreamData {
  const reader = new Reader(content, 'stream data');
  return { stream: streamId(reader), offset: u48(reader, 'offset'), bytes: reader.rest() };
}

export interface StreamCredit {
  readonly stream: number;
  /** Bytes received in order, and one more once the end has come. */
  readonly received: number;
  /** Offset below which bytes may be sent. */
  readonly limit: number;
}

export function encodeStreamCredit(credit: StreamCredit): Uint8Array {
  const writer = new Writer(16);
  writeCredit(writer, credit);
  return writer.done();
}

/** @throws DecodeError */
export function decodeStreamCredit(content: Uint8Array): StreamCredit {
  const reader = new Reader(content, 'stream credit');
  const credit = readCredit(reader);
  reader.end();
  return credit;
}

export interface StreamEnd {
  readonly stream: number;
  /** How many bytes the direction held in all. */
  readonly final: number;
}

export function encodeStreamEnd(end: StreamEnd): Uint8Array {
  const writer = new Writer(10).u32(end.stream);
  writeU48(writer, end.final);
  return writer.done();
}

/** @throws DecodeError */
export function decodeStreamEnd(content: Uint8Array): StreamEnd {
  const reader = new Reader(content, 'stream end');
  const end = { stream: streamId(reader), final: u48(reader, 'final') };
  reader.end();
  return end;
}

export interface StreamReset {
  readonly stream: number;
  readonly reason: EndReason;
}

export function encodeStreamReset(reset: StreamReset): Uint8Array {
  return new Writer(5).u32(reset.stream).u8(reset.reason).done();
}

/** A reason of a later version is passed on as it is. @throws DecodeError */
export function decodeStreamReset(content: Uint8Array): StreamReset {
  const reader = new Reader(content, 'stream reset');
  const reset = { stream: streamId(reader), reason: reader.u8('reason') as EndReason };
  reader.end();
  return reset;
}

const RESUME_LAST_PART = 1;
/** Bytes of a sessionResume before its entries, and of one entry. */
export const RESUME_HEADER_BYTES = SESSION_ID_BYTES + 5;
export const RESUME_ENTRY_BYTES = 16;

export interface SessionResume {
  readonly sessionId: Uint8Array;
  /** Nothing more of this resume follows. */
  readonly lastPart: boolean;
  /** The highest stream id of the other side's that has ever been seen; 0 for none. */
  readonly seen: number;
  readonly entries: readonly StreamCredit[];
}

export function encodeSessionResume(resume: SessionResume): Uint8Array {
  const writer = new Writer(RESUME_HEADER_BYTES + resume.entries.length * RESUME_ENTRY_BYTES);
  writer
    .raw(resume.sessionId)
    .u8(resume.lastPart ? RESUME_LAST_PART : 0)
    .u32(resume.seen);
  for (const entry of resume.entries) writeCredit(writer, entry);
  return writer.done();
}

/** @throws DecodeError */
export function decodeSessionResume(content: Uint8Array): SessionResume {
  const reader = new Reader(content, 'session resume');
  const sessionId = reader.raw(SESSION_ID_BYTES, 'session id');
  const flags = reader.u8('flags');
  if ((flags & ~RESUME_LAST_PART) !== 0) reader.fail(`flags ${flags} are not of this version`);
  const seen = reader.u32('seen');
  const entries: StreamCredit[] = [];
  while (reader.left > 0) entries.push(readCredit(reader));
  return { sessionId, lastPart: flags === RESUME_LAST_PART, seen, entries };
}

/** About the one program that may use an invitation at a time. */
export interface SessionHolder {
  readonly kind: HolderKind;
  /** HOLDER_TOKEN_BYTES: a challenge's own, given back by its answer; else zeros. */
  readonly token: Uint8Array;
}

export function encodeSessionHolder({ kind, token }: SessionHolder): Uint8Array {
  return new Writer(SESSION_HOLDER_BYTES).u8(kind).raw(token).done();
}

/** A kind of a later version is passed on as it is. Copies the token. @throws DecodeError */
export function decodeSessionHolder(content: Uint8Array): SessionHolder {
  const reader = new Reader(content, 'session holder');
  const kind = reader.u8('kind') as HolderKind;
  const token = reader.raw(HOLDER_TOKEN_BYTES, 'token').slice();
  reader.end();
  return { kind, token };
}

function readCredit(reader: Reader): StreamCredit {
  return { stream: streamId(reader), received: u48(reader, 'received'), limit: u48(reader, 'limit') };
}

function writeCredit(writer: Writer, credit: StreamCredit): void {
  writer.u32(credit.stream);
  writeU48(writer, credit.received);
  writeU48(writer, credit.limit);
}

function streamId(reader: Reader): number {
  const stream = reader.u32('stream');
  if (stream === 0) reader.fail('stream 0 does not exist');
  return stream;
}

function u48(reader: Reader, field: string): number {
  return reader.u16(field) * 2 ** 32 + reader.u32(field);
}

function writeU48(writer: Writer, value: number): void {
  writer.u16(Math.floor(value / 2 ** 32)).u32(value % 2 ** 32);
}
