/** As much of a name server as tests need. RFC 1035 § 4.1. */

export const DNS_TYPE = { ipv4: 1, ipv6: 28 } as const;

/** The first question of a query. */
export function dnsQuestion(query: Buffer): { name: string; type: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] as number; length > 0; length = query[at] as number) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1) };
}

/** Its answer with these addresses; undefined: there is no such name. */
export function dnsAnswer(query: Buffer, addresses: readonly Uint8Array[] | undefined): Buffer {
  const question = query.subarray(12, query.indexOf(0, 12) + 5);
  const known = addresses ?? [];
  const head = Buffer.from([0x81, addresses === undefined ? 0x83 : 0x80, 0, 1, 0, known.length, 0, 0, 0, 0]);
  const records = known.flatMap((ip) => {
    const type = ip.length === 4 ? DNS_TYPE.ipv4 : DNS_TYPE.ipv6;
    return [Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, ip.length]), ip];
  });
  return Buffer.concat([query.subarray(0, 2), head, question, ...records]);
}
