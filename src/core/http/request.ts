import { utf8 } from '../bytes/bytes.ts';
import { VALIDATOR } from './validator.ts';
import type { HttpRequest } from './types.ts';

const TARGET = /^\/[\x21-\x7e]*$/;
const HOST = /^[a-z2-7]+\.gnet(?::\d{1,5})?$/;
const RANGE = /^bytes=(?:\d{1,15}-\d{0,15}|-\d{1,15})$/;
const MEDIA_TYPE = /^[\x20-\x7e]{1,256}$/;

/** One range that a server can be asked for; anything else it may ignore, and is not asked. */
export function isRange(text: string): boolean {
  return RANGE.test(text);
}

/**
 * The head of a request (RFC 9112), with the same few headers from every reader: they tell no browser from another.
 * @throws RangeError for a field that does not fit on its line.
 */
export function encodeHttpRequest({ method, target, wants, range, ifRange, body }: HttpRequest, host: string): Uint8Array {
  check('target', TARGET, target);
  check('host', HOST, host);
  const lines = [
    `${method} ${target} HTTP/1.1`,
    `Host: ${host}`,
    'User-Agent: GlobalNet',
    `Accept: ${wants === 'page' ? 'text/html,*/*;q=0.8' : '*/*'}`,
    // A range of a compressed body is no part of the file, and its length is not the file's.
    `Accept-Encoding: ${range !== undefined || method === 'HEAD' ? 'identity' : 'gzip'}`,
    'Connection: close',
  ];
  if (range !== undefined) {
    check('range', RANGE, range);
    lines.push(`Range: ${range}`);
    if (ifRange !== undefined) {
      check('validator', VALIDATOR, ifRange);
      lines.push(`If-Range: ${ifRange}`);
    }
  }
  if (body !== undefined) {
    check('media type', MEDIA_TYPE, body.mediaType);
    // True of every form: a page of another origin cannot send one here. Servers ask for it against forged ones.
    lines.push(`Origin: http://${host}`, `Content-Type: ${body.mediaType}`, `Content-Length: ${body.bytes.length}`);
  }
  return utf8(`${lines.join('\r\n')}\r\n\r\n`);
}

function check(what: string, pattern: RegExp, text: string): void {
  if (!pattern.test(text)) throw new RangeError(`no ${what} of a request: ${JSON.stringify(text.slice(0, 80))}`);
}
