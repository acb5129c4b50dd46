import type { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { fromUtf8, hex, utf8 } from '../bytes/bytes.ts';
import { DESCRIPTOR_HOST_MAX_BYTES, HASH_BYTES } from './geometry.ts';
import { ADDRESS } from './registry.ts';

/**
 * Addresses in a descriptor: type 1 (ADDRESS), length 2, content.
 *
 *   ip          1 + 4 or 16   family: 4 or 6, then the address; never an IPv4 address dressed as IPv6
 *   websocket   ip, port 2, tls 1 (0 or 1), host 1 + n   host: a lower-case DNS name, or empty: the ip itself is dialled
 *   direct      ip, port 2, certificate hash 32          WebRTC without signalling
 *   stun        ip, port 2
 *   mesh        empty                                    by signalling through the network
 *
 * Types that this version does not know are kept as they came, because the signature covers them.
 */
export type PeerAddress =
  | { readonly kind: 'websocket'; readonly ip: Uint8Array; readonly port: number; readonly tls: boolean; readonly host: string }
  | { readonly kind: 'direct'; readonly ip: Uint8Array; readonly port: number; readonly certificate: Uint8Array }
  | { readonly kind: 'stun'; readonly ip: Uint8Array; readonly port: number }
  | { readonly kind: 'mesh' }
  | { readonly kind: 'other'; readonly type: number; readonly content: Uint8Array };

const HOST = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;
/** The longest websocket address and a little; four of them leave a descriptor within its limit. */
const CONTENT_MAX_BYTES = DESCRIPTOR_HOST_MAX_BYTES + 24;

function writeIp(writer: Writer, ip: Uint8Array, port: number): Writer {
  if (ip.length !== 4 && ip.length !== 16) throw new RangeError(`an ip is 4 or 16 bytes, not ${ip.length}`);
  return writer
    .u8(ip.length === 4 ? 4 : 6)
    .raw(ip)
    .u16(port);
}

function addressContent(address: PeerAddress): { type: number; content: Uint8Array } {
  const writer = new Writer(64);
  switch (address.kind) {
    case 'websocket': {
      const host = utf8(address.host);
      writeIp(writer, address.ip, address.port)
        .u8(address.tls ? 1 : 0)
        .u8(host.length)
        .raw(host);
      return { type: ADDRESS.websocket, content: writer.done() };
    }
    case 'direct':
      writeIp(writer, address.ip, address.port).raw(address.certificate);
      return { type: ADDRESS.direct, content: writer.done() };
    case 'stun':
      writeIp(writer, address.ip, address.port);
      return { type: ADDRESS.stun, content: writer.done() };
    case 'mesh':
      return { type: ADDRESS.mesh, content: writer.done() };
    case 'other':
      return { type: address.type, content: address.content };
  }
}

export function writeAddress(writer: Writer, address: PeerAddress): void {
  const { type, content } = addressContent(address);
  writer.u8(type).bytes16(content);
}

/** An IPv4 address dressed as IPv6: two forms of one address would be two addresses to every rule. */
export function isMappedIp(ip: Uint8Array): boolean {
  return ip.length === 16 && ip[10] === 0xff && ip[11] === 0xff && ip.subarray(0, 10).every((byte) => byte === 0);
}

function readIp(reader: Reader): { ip: Uint8Array; port: number } {
  const family = reader.u8('family');
  if (family !== 4 && family !== 6) reader.fail(`family ${family} is neither 4 nor 6`);
  const ip = reader.raw(family === 4 ? 4 : 16, 'ip');
  if (isMappedIp(ip)) reader.fail('an IPv4 address dressed as IPv6');
  const port = reader.u16('port');
  if (port === 0) reader.fail('port 0');
  return { ip, port };
}

function readWebsocket(reader: Reader): PeerAddress {
  const { ip, port } = readIp(reader);
  const tls = reader.u8('tls');
  if (tls > 1) reader.fail(`tls is ${tls}, not 0 or 1`);
  const lengthBytes = reader.u8('host length');
  if (lengthBytes > DESCRIPTOR_HOST_MAX_BYTES) reader.fail(`host of ${lengthBytes} bytes, at most ${DESCRIPTOR_HOST_MAX_BYTES}`);
  let host = '';
  try {
    host = fromUtf8(reader.raw(lengthBytes, 'host'));
  } catch {
    reader.fail('host is not UTF-8');
  }
  if (host !== '' && !HOST.test(host)) reader.fail('host is not a lower-case DNS name');
  return { kind: 'websocket', ip, port, tls: tls === 1, host };
}

export function readAddress(reader: Reader): PeerAddress {
  const type = reader.u8('address type');
  const lengthBytes = reader.u16('address length');
  if (lengthBytes > CONTENT_MAX_BYTES) reader.fail(`address of ${lengthBytes} bytes, at most ${CONTENT_MAX_BYTES}`);
  const end = reader.offset + lengthBytes;
  let address: PeerAddress;
  if (type === ADDRESS.websocket) address = readWebsocket(reader);
  else if (type === ADDRESS.direct) address = { kind: 'direct', ...readIp(reader), certificate: reader.raw(HASH_BYTES, 'certificate') };
  else if (type === ADDRESS.stun) address = { kind: 'stun', ...readIp(reader) };
  else if (type === ADDRESS.mesh) address = { kind: 'mesh' };
  else address = { kind: 'other', type, content: reader.raw(lengthBytes, 'address') };
  if (reader.offset !== end) reader.fail('address length does not match its content');
  return address;
}

/** Dotted IPv4, or IPv6 in full groups of hexadecimal without brackets. */
export function ipText(ip: Uint8Array): string {
  if (ip.length === 4) return ip.join('.');
  return Array.from({ length: 8 }, (_, i) => ((((ip[2 * i] as number) << 8) | (ip[2 * i + 1] as number)) >>> 0).toString(16)).join(':');
}

/** `wss://host:port`, or `ws://…` without tls. */
export function websocketUrl(address: PeerAddress & { kind: 'websocket' }): string {
  const ip = ipText(address.ip);
  const host = address.host !== '' ? address.host : address.ip.length === 16 ? `[${ip}]` : ip;
  return `${address.tls ? 'wss' : 'ws'}://${host}:${address.port}`;
}

/** Loopback, private, link-local, carrier-grade and unspecified ranges: never reached from elsewhere. */
export function isPrivateIp(ip: Uint8Array): boolean {
  const [a, b] = ip as unknown as [number, number];
  if (ip.length === 4) {
    return (
      a === 0 ||
      a === 10 ||
      a === 127 ||
      a >= 224 ||
      (a === 100 && (b & 0xc0) === 64) ||
      (a === 169 && b === 254) ||
      (a === 172 && (b & 0xf0) === 16) ||
      (a === 192 && b === 168)
    );
  }
  const low = ip.subarray(0, 15).every((byte) => byte === 0); // :: and ::1
  return low || (a & 0xfe) === 0xfc || (a === 0xfe && (b & 0xc0) === 0x80) || a === 0xff;
}

/**
 * What one owner can easily hold many of: an IPv4 /16, an IPv6 /32. A private network is no exception: a network inside one machine
 * spreads its relays over loopback's /16s. The bytes enter hashes: family 1, then 2 or 4.
 */
export function netPrefix(ip: Uint8Array): Uint8Array {
  return new Writer(5)
    .u8(ip.length === 4 ? 4 : 6)
    .raw(ip.subarray(0, ip.length === 4 ? 2 : 4))
    .done();
}

/**
 * The prefix a peer counts for, as text to compare: its first address's, which is the one that links prove. Others could name a
 * stranger's prefix, to make him "related" and so have him passed over. Undefined for a tab.
 */
export function netGroup(addresses: readonly PeerAddress[]): string | undefined {
  const first = addresses[0];
  return first !== undefined && 'ip' in first ? hex(netPrefix(first.ip)) : undefined;
}
