import { FIRST_BYTES_MAX } from './constants.ts';

/** Requests without a body, whole, and nothing behind them. */
const WHOLE_READS = /^(?:(?:GET|HEAD) [^\r\n ]+ HTTP\/1\.[01]\r\n(?:[^\r\n]+\r\n)*\r\n)+$/;
/** A body would follow, in bytes that are not here to be judged. */
const HAS_BODY = /\r\n(?:content-length|transfer-encoding)[ \t]*:/i;

/**
 * Whether a service may hear these bytes twice (docs/spec/13-tcp.md): whole HTTP requests of method GET or HEAD. HTTP itself lets
 * everyone between repeat those.
 */
export function isRepeatable(bytes: Uint8Array): boolean {
  if (bytes.length === 0 || bytes.length > FIRST_BYTES_MAX) return false;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  return WHOLE_READS.test(text) && !HAS_BODY.test(text);
}
