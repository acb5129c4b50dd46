import { isIP } from 'node:net';
import { isMappedIp } from '../src/core/wire/peer-address.ts';

/** The 4 or 16 bytes of an address in text; an IPv4 address dressed as IPv6 is given as what it is. Undefined for anything else, zones included. */
export function ipBytes(text: string): Uint8Array | undefined {
  const family = isIP(text);
  if (family === 4) return Uint8Array.from(text.split('.'), Number);
  if (family !== 6 || text.includes('%')) return undefined;
  // A URL's host is written in one way: groups of hexadecimal, at most one '::'.
  const [front = '', back] = new URL(`http://[${text}]/`).hostname.slice(1, -1).split('::');
  const head = groupsOf(front);
  const tail = groupsOf(back ?? '');
  const groups = [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
  const ip = Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]));
  return isMappedIp(ip) ? ip.slice(12) : ip;
}

function groupsOf(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}
