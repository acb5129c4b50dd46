import { utf8 } from '../../src/core/bytes/bytes.ts';
import { ipBytes } from '../ip.ts';
import { HTTP_HEAD_MAX_BYTES, REPLY, type ProxyReply } from './constants.ts';

export interface HttpConnect {
  /** As in the request: a name, or an IP address without brackets. */
  readonly host: string;
  readonly isName: boolean;
  readonly port: number;
  /** What `Proxy-Authorization` said, as it was written; undefined without. */
  readonly credentials: string | undefined;
}

/**
 * The head of a request to an HTTP proxy, RFC 9110 § 9.3.6, of which the bytes so far begin with a capital letter.
 *
 * more       not all of it came
 * stranger   nobody who wants a proxy: gets no answer, lest web pages learn who listens here
 * forward    wants a plain request forwarded, as proxies do for http://
 * malformed  wants a connection, and says it wrongly
 */
export type HttpHead = 'more' | 'stranger' | 'forward' | 'malformed' | { readonly lengthBytes: number; readonly connect: HttpConnect };

const CONNECT = 'CONNECT ';
/** A form that a browser sends to proxies alone: pages cannot make it write this to a port of theirs. */
const FORWARD = /^[A-Z]{1,16} http:\/\//;
const END = '\r\n\r\n';

export function readHttpHead(held: Uint8Array): HttpHead {
  const text = Buffer.from(held.subarray(0, HTTP_HEAD_MAX_BYTES)).toString('latin1');
  if (FORWARD.test(text)) return 'forward';
  if (!text.startsWith(CONNECT)) return mayBecomeOne(text) ? 'more' : 'stranger';
  const end = text.indexOf(END);
  if (end < 0) return held.length > HTTP_HEAD_MAX_BYTES ? 'malformed' : 'more';
  const connect = connectOf(text.slice(CONNECT.length, end));
  return connect === undefined ? 'malformed' : { lengthBytes: end + END.length, connect };
}

function mayBecomeOne(text: string): boolean {
  return CONNECT.startsWith(text) || /^[A-Z]{1,16}(?: (?:h(?:t(?:t(?:p(?::\/?)?)?)?)?)?)?$/.test(text);
}

/** What stands between the method and the blank line. */
function connectOf(text: string): HttpConnect | undefined {
  const [first, ...fields] = text.split('\r\n') as [string, ...string[]];
  const found = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([\x21-\x39\x3b-\x5a\x5e-\x7e]{1,255})):(\d{1,5}) HTTP\/1\.[01]$/.exec(first);
  if (found === null) return undefined;
  const [, bracketed, plain, digits] = found;
  const host = (bracketed ?? plain) as string;
  const isName = ipBytes(host) === undefined;
  const port = Number(digits);
  if ((isName && bracketed !== undefined) || port === 0 || port > 65_535) return undefined;
  const values = fields.map((field) => /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e]*)$/.exec(field));
  if (values.includes(null)) return undefined;
  const credentials = values.find((field) => field?.[1]?.toLowerCase() === 'proxy-authorization')?.[2];
  return { host, isName, port, credentials };
}

/** RFC 9110 § 15, and the same as a word of RFC 9209 § 2.3. */
const ANSWERS: Record<ProxyReply, readonly [status: string, error: string]> = {
  [REPLY.succeeded]: ['200 Connection established', ''],
  [REPLY.failure]: ['502 Bad Gateway', 'proxy_internal_error'],
  [REPLY.notAllowed]: ['403 Forbidden', 'http_request_denied'],
  [REPLY.networkUnreachable]: ['503 Service Unavailable', 'destination_ip_unroutable'],
  [REPLY.hostUnreachable]: ['502 Bad Gateway', 'destination_not_found'],
  [REPLY.refused]: ['502 Bad Gateway', 'connection_refused'],
  [REPLY.ttlExpired]: ['504 Gateway Timeout', 'connection_timeout'],
  [REPLY.commandNotSupported]: ['405 Method Not Allowed', 'http_request_denied'],
  [REPLY.addressNotSupported]: ['400 Bad Request', 'http_request_error'],
};

export function httpAnswer(reply: ProxyReply): Uint8Array {
  const [status, error] = ANSWERS[reply];
  if (reply === REPLY.succeeded) return utf8(`HTTP/1.1 ${status}${END}`);
  const words = reply === REPLY.commandNotSupported ? NOT_FORWARDED : '';
  const fields = [`Proxy-Status: gnet; error=${error}`, 'Connection: close', 'Content-Type: text/plain', `Content-Length: ${words.length}`];
  if (reply === REPLY.commandNotSupported) fields.push('Allow: CONNECT');
  return utf8(`HTTP/1.1 ${[status, ...fields].join('\r\n')}${END}${words}`);
}

const NOT_FORWARDED =
  'This proxy carries connections, and forwards no HTTP requests: name it to your program as socks5h://, or let it use CONNECT for http:// too (curl --proxytunnel).\n';
