import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { EXIT_POLICY_RANGES_MAX, EXIT_REQUEST_HEADER_BYTES, HOST_NAME_MAX_BYTES } from './geometry.ts';
import { EXIT_POLICY_FLAG, EXTENSION, HOST } from './registry.ts';
import { isMappedIp } from './peer-address.ts';

/**
 * The request of a stream of kind `exit`, to a circuit's last hop: where it shall open a TCP connection, whose bytes the stream's are.
 *
 *   port  2    1 to 65535
 *   kind  1    HOST
 *   host  …    to the end: a name's 1 to HOST_NAME_MAX_BYTES characters, 4 bytes, or 16
 *
 * What an exit says in its descriptor of where it goes: an item of the extension. The extension is items to its end, of type 1 (EXTENSION),
 * length 1, content; items of types that are not known are passed over.
 *
 *   flags   1    EXIT_POLICY_FLAG
 *   ranges  4 n  first port 2, last port 2; ascending, apart from each other
 */

export interface ExitTarget {
  /** A name, in lower case and not looked up, or the 4 or 16 bytes of an address. */
  readonly host: string | Uint8Array;
  readonly port: number;
}

/** Labels of letters, digits, `-` and `_`, no dot behind. */
const NAME = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
/** What resolvers take for an address written in some odd way: 127.1, 2130706433, 0x7f.1, 0177.0.0.1. */
const NUMBER_AT_END = /(?:^|\.)(?:\d+|0x[\da-f]*)$/;

/** Whether it may stand in a request: a DNS name in lower case that nobody can take for an address. */
export function isHostName(text: string): boolean {
  return text.length <= HOST_NAME_MAX_BYTES && NAME.test(text) && !NUMBER_AT_END.test(text);
}

/** @throws RangeError. */
export function encodeExitTarget({ host, port }: ExitTarget): Uint8Array {
  if (!(Number.isInteger(port) && port >= 1)) throw new RangeError(`a port is a whole number from 1 to 65535, not ${port}`);
  const writer = new Writer(EXIT_REQUEST_HEADER_BYTES + host.length).u16(port);
  if (typeof host === 'string') {
    if (!isHostName(host)) throw new RangeError('a host is a DNS name in lower case, or an address');
    return writer
      .u8(HOST.name)
      .raw(Uint8Array.from(host, (letter) => letter.charCodeAt(0)))
      .done();
  }
  if ((host.length !== 4 && host.length !== 16) || isMappedIp(host))
    throw new RangeError('an address is 4 or 16 bytes, the shorter where it can be');
  return writer
    .u8(host.length === 4 ? HOST.ipv4 : HOST.ipv6)
    .raw(host)
    .done();
}

/** Copies what it keeps. @throws DecodeError. */
export function decodeExitTarget(request: Uint8Array): ExitTarget {
  const reader = new Reader(request, 'exit request');
  const port = reader.u16('port');
  if (port === 0) reader.fail('port 0');
  const host = readHost(reader);
  reader.end();
  return { host, port };
}

function readHost(reader: Reader): string | Uint8Array {
  const kind = reader.u8('kind');
  if (kind === HOST.name) {
    if (reader.left > HOST_NAME_MAX_BYTES) reader.fail(`a name of ${reader.left} bytes, at most ${HOST_NAME_MAX_BYTES} are allowed`);
    const name = String.fromCharCode(...reader.rest());
    return isHostName(name) ? name : reader.fail('no DNS name in lower case');
  }
  if (kind !== HOST.ipv4 && kind !== HOST.ipv6) reader.fail(`a host of kind ${kind}`);
  const ip = reader.raw(kind === HOST.ipv4 ? 4 : 16, 'address').slice();
  return isMappedIp(ip) ? reader.fail('an IPv4 address dressed as IPv6') : ip;
}

/** First and last port. */
export type PortRange = readonly [first: number, last: number];

/** What an exit says of where it goes: ports at which its policy accepts some address. */
export interface ExitSummary {
  /** It reaches IPv6 addresses. */
  readonly ipv6: boolean;
  /** Ascending, apart from each other, at most EXIT_POLICY_RANGES_MAX. */
  readonly ports: readonly PortRange[];
}

/** Whether an exit that says this may open a connection there. */
export function mayOpen({ ipv6, ports }: ExitSummary, { host, port }: ExitTarget): boolean {
  if (typeof host !== 'string' && host.length === 16 && !ipv6) return false;
  return ports.some(([first, last]) => first <= port && port <= last);
}

/** A descriptor's extension that holds this and nothing else. @throws RangeError. */
export function encodeExitSummary({ ipv6, ports }: ExitSummary): Uint8Array {
  if (ports.length > EXIT_POLICY_RANGES_MAX) throw new RangeError(`${ports.length} ranges of ports, at most ${EXIT_POLICY_RANGES_MAX} fit`);
  if (!areRanges(ports)) throw new RangeError('ranges of ports are ascending and apart from each other');
  const writer = new Writer(3 + 4 * ports.length).u8(EXTENSION.exitPolicy).u8(1 + 4 * ports.length);
  writer.u8(ipv6 ? EXIT_POLICY_FLAG.ipv6 : 0);
  for (const [first, last] of ports) writer.u16(first).u16(last);
  return writer.done();
}

/** What a descriptor's extension says of an exit; undefined when it says nothing, or nothing that can be read. */
export function readExitSummary(extension: Uint8Array): ExitSummary | undefined {
  try {
    const items = new Reader(extension, 'extension');
    while (items.left > 0) {
      const type = items.u8('type');
      const content = items.raw(items.u8('length'), 'content');
      if (type === EXTENSION.exitPolicy) return summaryOf(new Reader(content, 'exit policy'));
    }
    return undefined;
  } catch {
    return undefined; // the descriptor is as good as any: it is no exit
  }
}

function summaryOf(reader: Reader): ExitSummary {
  const flags = reader.u8('flags');
  const ports: PortRange[] = [];
  while (reader.left > 0) ports.push([reader.u16('first port'), reader.u16('last port')]);
  if (ports.length > EXIT_POLICY_RANGES_MAX || !areRanges(ports)) reader.fail('ranges of ports that are not ascending and apart');
  return { ipv6: (flags & EXIT_POLICY_FLAG.ipv6) !== 0, ports };
}

function areRanges(ports: readonly PortRange[]): boolean {
  let next = 1;
  return ports.every(([first, last]) => {
    const fits = first >= next && last >= first && last <= 65535;
    next = last + 2;
    return fits;
  });
}
