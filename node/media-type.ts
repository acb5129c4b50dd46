import { lookup } from 'mrmime';

/**
 * The media type a browser is told, from the file's name. Text is said to be UTF-8 only where it is: an older page names its own
 * encoding, and the header would overrule it.
 */
export function mediaTypeOf(path: string, firstBytes: Uint8Array): string {
  const type = lookup(path.toLowerCase()) ?? 'application/octet-stream';
  const isText = type.startsWith('text/') || /[/+](?:json|xml|javascript)$/.test(type);
  return isText && isUtf8(firstBytes) ? `${type}; charset=utf-8` : type;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    // `stream`: a letter may be cut at the end of the chunk.
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
