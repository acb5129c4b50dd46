/** A part of a file that was asked for: first byte and number of bytes. */
export interface ByteRange {
  readonly offset: number;
  readonly lengthBytes: number;
}

/**
 * `Range: bytes=…` with one range (RFC 9110 § 14.1.2). Undefined: the whole file (no header, another unit, several ranges or nonsense,
 * which a server may ignore). `unsatisfiable`: it begins behind the end.
 */
export function parseRange(header: string | null, sizeBytes: number): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  if (match[1] === '') {
    const lengthBytes = Math.min(Number(match[2]), sizeBytes);
    return lengthBytes === 0 ? 'unsatisfiable' : { offset: sizeBytes - lengthBytes, lengthBytes };
  }
  const offset = Number(match[1]);
  const last = match[2] === '' ? sizeBytes - 1 : Math.min(Number(match[2]), sizeBytes - 1);
  if (match[2] !== '' && Number(match[2]) < offset) return undefined;
  return offset >= sizeBytes ? 'unsatisfiable' : { offset, lengthBytes: last - offset + 1 };
}

/** The part of a body that was asked for, from one that comes whole. Whoever leaves it leaves that. */
export async function* cutOut(
  parts: AsyncGenerator<Uint8Array, void, undefined>,
  { offset, lengthBytes }: ByteRange,
): AsyncGenerator<Uint8Array, void, undefined> {
  let at = -offset;
  for await (const part of parts) {
    const wanted = part.subarray(Math.max(0, -at), Math.max(0, lengthBytes - at));
    at += part.length;
    if (wanted.length > 0) yield wanted;
    if (at >= lengthBytes) return;
  }
}
