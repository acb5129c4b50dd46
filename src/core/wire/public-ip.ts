/**
 * Addresses that are somewhere in the clear network for everybody alike. Not here: which of them a peer may have
 * (peer-address.ts), which of them an exit's owner allows. § docs/spec/14-exits.md
 */

/** An address and how many of its leading bits count. */
export interface IpRange {
  /** 4 or 16 bytes. */
  readonly ip: Uint8Array;
  readonly bits: number;
}

/** IANA's special-purpose registries, and an address by which a cloud's machines reach their host. What is set aside for
 * documentation is nobody's, and left out: nothing can be reached there that should not be. */
const REFUSED_IPV4: readonly IpRange[] = [
  [[0], 8], // this host
  [[10], 8],
  [[100, 64], 10], // carrier-grade NAT; a cloud's metadata at 100.100.100.200
  [[127], 8],
  [[168, 63, 129, 16], 32], // Azure's host
  [[169, 254], 16], // link-local; metadata at 169.254.169.254
  [[172, 16], 12],
  [[192, 0, 0], 24], // IETF protocols; metadata at 192.0.0.192
  [[192, 88, 99], 24], // 6to4 relays
  [[192, 168], 16],
  [[198, 18], 15], // benchmarks; made-up addresses of local proxies
  [[224], 4], // multicast
  [[240], 4], // reserved, broadcast
].map((row) => range(row as [number[], number], 4));

/** Of IPv6 only what IANA has given to the global network; all that hides an IPv4 address in it is outside, or is one of these: 6to4, Teredo. */
const GLOBAL_IPV6 = range([[0x20], 3], 16);
const REFUSED_IPV6: readonly IpRange[] = [
  [[0x20, 0x01, 0], 23], // IETF protocols; Teredo
  [[0x20, 0x02], 16], // 6to4
].map((row) => range(row as [number[], number], 16));

function range([start, bits]: [number[], number], lengthBytes: number): IpRange {
  const ip = new Uint8Array(lengthBytes);
  ip.set(start);
  return { ip, bits };
}

/** Whether an address of the range's family lies in it; one of the other family does not. */
export function isInRange(ip: Uint8Array, { ip: start, bits }: IpRange): boolean {
  if (ip.length !== start.length) return false;
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (ip[i] !== start[i]) return false;
  const mask = 0xff00 >> (bits & 7);
  return (bits & 7) === 0 || ((ip[whole] as number) & mask & 0xff) === ((start[whole] as number) & mask & 0xff);
}

/** Whether `inner` holds nothing that `outer` does not. */
export function isWithin(inner: IpRange, outer: IpRange): boolean {
  return inner.bits >= outer.bits && isInRange(inner.ip, outer);
}

/** Whether all of a range is refused by `isPublicIp`. */
export function isRangeRefused(wanted: IpRange): boolean {
  if (wanted.ip.length === 4) return REFUSED_IPV4.some((refused) => isWithin(wanted, refused));
  return REFUSED_IPV6.some((refused) => isWithin(wanted, refused)) || (wanted.bits >= GLOBAL_IPV6.bits && !isWithin(wanted, GLOBAL_IPV6));
}

/**
 * False for what is private, loopback, link-local, carrier-grade, multicast, reserved, a cloud's metadata, or an IPv6 address that
 * stands for an IPv4 one. `ip` is 4 or 16 bytes.
 */
export function isPublicIp(ip: Uint8Array): boolean {
  return !isRangeRefused({ ip, bits: 8 * ip.length });
}
