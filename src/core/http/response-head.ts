import { DecodeError } from '../bytes/errors.ts';
import { LENGTH_MAX_DIGITS } from './constants.ts';
import { decodeDisposition } from './disposition.ts';
import type { HttpAnswerHead } from './types.ts';
import { validatorOf } from './validator.ts';

/** Status and headers of one answer, names in small letters, values of one name joined by ', '. */
export interface ResponseHead {
  readonly minorVersion: 0 | 1;
  readonly status: number;
  readonly fields: ReadonlyMap<string, string>;
}

/** How the end of a body is known (RFC 9112 § 6.3). */
export type BodyEnd = { by: 'length'; lengthBytes: number } | { by: 'chunks' } | { by: 'end' };

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const MEDIA_TYPE = /^[a-z0-9!#$&^_.+-]{1,127}\/[a-z0-9!#$&^_.+-]{1,127}(?:[ \t]*;[\t\x20-\x7e]*)?$/i;
const CONTENT_RANGE = /^bytes (?:\d{1,15}-\d{1,15}\/(?:\d{1,15}|\*)|\*\/\d{1,15})$/;
/** By all names that are in use (RFC 9110 § 8.4.1). */
const CODINGS = new Map<string, 'identity' | 'gzip' | 'deflate'>([
  ['', 'identity'],
  ['identity', 'identity'],
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
]);
/** Old servers say of such a file that it comes compressed, and mean the file: it was not compressed for the way. */
const GZIP_FILE = /^application\/(?:x-)?(?:gzip|gtar|tgz|compressed-tar)\b/i;
const BODILESS = new Set([204, 205, 304]);

/** @param lines without their CRLF, as Latin-1. @throws DecodeError. */
export function decodeResponseHead(lines: readonly string[]): ResponseHead {
  const status = STATUS_LINE.exec(lines[0] ?? '');
  if (status === null) throw notHttp('its first line is no status line of HTTP/1.0 or 1.1');
  const fields = new Map<string, string>();
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(':');
    const value = line.slice(colon + 1);
    if (colon < 0 || !NAME.test(line.slice(0, colon)) || !VALUE.test(value))
      throw notHttp('a header is neither a name and a value, nor in one line');
    const name = line.slice(0, colon).toLowerCase();
    const before = fields.get(name);
    fields.set(name, before === undefined ? trim(value) : `${before}, ${trim(value)}`);
  }
  return { minorVersion: status[1] === '0' ? 0 : 1, status: Number(status[2]), fields };
}

/** @throws DecodeError when two answers to it are possible. */
export function bodyEnd({ status, minorVersion, fields }: ResponseHead, isHead: boolean): BodyEnd {
  const coding = fields.get('transfer-encoding');
  const lengthBytes = contentLength(fields);
  if (coding !== undefined) {
    if (minorVersion === 0 || lengthBytes !== undefined) throw notHttp('two headers say differently how long it is');
    if (coding.toLowerCase() !== 'chunked') throw notHttp('it comes in a transfer coding that was not asked for');
  }
  if (isHead || BODILESS.has(status)) return { by: 'length', lengthBytes: 0 };
  if (coding !== undefined) return { by: 'chunks' };
  return lengthBytes === undefined ? { by: 'end' } : { by: 'length', lengthBytes };
}

/** The little of it that goes on. @throws DecodeError when the body is compressed in a way that nobody asked for. */
export function answerHead(head: ResponseHead): HttpAnswerHead {
  const { status, fields } = head;
  const contentType = fields.get('content-type');
  const mediaType = contentType !== undefined && MEDIA_TYPE.test(contentType) ? contentType : undefined;
  const contentRange = fields.get('content-range');
  return {
    status,
    mediaType,
    lengthBytes: contentLength(fields),
    contentRange: contentRange !== undefined && CONTENT_RANGE.test(contentRange) ? contentRange : undefined,
    validator: validatorOf(fields),
    acceptsRanges: fields.get('accept-ranges')?.toLowerCase() === 'bytes',
    coding: contentCoding(head, mediaType),
    ...decodeDisposition(fields.get('content-disposition')),
    location: fields.get('location'),
  };
}

function contentCoding({ status, fields }: ResponseHead, mediaType: string | undefined): HttpAnswerHead['coding'] {
  const name = (fields.get('content-encoding') ?? '').toLowerCase();
  const coding = CODINGS.get(name);
  if (coding === undefined) throw notHttp(`it is compressed in a way that was not asked for (${name.slice(0, 40)})`);
  if (coding === 'identity') return undefined;
  if (status === 206) throw notHttp('a part of it is compressed, which was not asked for');
  return GZIP_FILE.test(mediaType ?? '') ? undefined : coding;
}

/** Spaces and tabs at both ends, and nothing else, are not part of a value. In one pass: a line may be 64 KB of them. */
function trim(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value.charCodeAt(start))) start++;
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--;
  return value.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** One number, or the same one several times (RFC 9110 § 8.6). */
function contentLength(fields: ReadonlyMap<string, string>): number | undefined {
  const text = fields.get('content-length');
  if (text === undefined) return undefined;
  const [first = '', ...others] = text.split(',').map((part) => part.trim());
  if (!/^\d+$/.test(first) || first.length > LENGTH_MAX_DIGITS || others.some((other) => other !== first))
    throw notHttp('the length that it announces is no number');
  return Number(first);
}

export function notHttp(problem: string, offset = 0): DecodeError {
  return new DecodeError('HTTP answer', offset, problem);
}
