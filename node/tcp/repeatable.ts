import { FIRST_BYTES_MAX } from './constants.ts';

/** Requests without a body, whole, and nothing behind them. */
const WHOLE_READS = /^(?:(?:GET|HEAD) [^\r\n ]+ HTTP\/1\.[01]\r\n(?:[^\r\n]+\r\n)*\r\n)+$/;
/** A body would follow, in bytes that are not here to be judged. */
const HAS_BODY = /\r\n(?:content-length|transfer-encoding)[ \t]*:/i;

/** A TLS record of type handshake, version 3.x; in it a message of type ClientHello. RFC 8446 § 5.1, § 4. */
const TLS_HANDSHAKE = 22;
const TLS_CLIENT_HELLO = 1;
const TLS_RECORD_HEADER_BYTES = 5;
const TLS_MESSAGE_HEADER_BYTES = 4;

/** Whether bytes may go before the other side has answered, and so be heard twice. */
export type MayRepeat = (bytes: Uint8Array) => boolean;

/** What services are sent (docs/spec/13-tcp.md): whole HTTP requests of method GET or HEAD, which HTTP itself lets everyone between repeat. */
export const isRead: MayRepeat = (bytes) => {
  if (bytes.length === 0 || bytes.length > FIRST_BYTES_MAX) return false;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  return WHOLE_READS.test(text) && !HAS_BODY.test(text);
};

/** What last hops are sent (docs/spec/14-exits.md): reads, and the greeting that opens TLS, which asks for nothing yet. */
export const isReadOrGreeting: MayRepeat = (bytes) =>
  bytes[0] === TLS_HANDSHAKE
    ? bytes.length <= FIRST_BYTES_MAX && isClientHello(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
    : isRead(bytes);

/** Whole, in one record, and nothing behind it: what follows at once is early data, a request that the server may carry out. */
function isClientHello(bytes: Buffer): boolean {
  if (bytes.length < TLS_RECORD_HEADER_BYTES + TLS_MESSAGE_HEADER_BYTES || bytes[1] !== 3) return false;
  const recordBytes = bytes.readUInt16BE(3);
  const messageBytes = bytes.readUIntBE(TLS_RECORD_HEADER_BYTES + 1, 3);
  const isHello = bytes[TLS_RECORD_HEADER_BYTES] === TLS_CLIENT_HELLO;
  return isHello && bytes.length === TLS_RECORD_HEADER_BYTES + recordBytes && recordBytes === TLS_MESSAGE_HEADER_BYTES + messageBytes;
}
