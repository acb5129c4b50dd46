import { concat } from '../../src/core/bytes/bytes.ts';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { contentHeaders } from '../../src/shared/headers.ts';
import { filterHtml, type PageFilter } from './html-filter.ts';
import { decodeText } from './media.ts';

/** A page is held whole while it is filtered. */
export const PAGE_MAX_BYTES = 8 * 1024 * 1024;

/**
 * @param announcedBytes how long it will be, where that is known.
 * @throws GlobalNetError `unsupported` for what is too large to be held, and as the parts.
 */
export async function wholePage(parts: AsyncIterable<Uint8Array>, what: string, announcedBytes = 0): Promise<Uint8Array> {
  const held: Uint8Array[] = [];
  let sizeBytes = 0;
  checkSize(announcedBytes, what);
  for await (const part of parts) {
    sizeBytes += part.length;
    checkSize(sizeBytes, what);
    held.push(part);
  }
  return concat(...held);
}

function checkSize(sizeBytes: number, what: string): void {
  if (sizeBytes > PAGE_MAX_BYTES)
    throw new GlobalNetError('unsupported', `'${what}' is longer than ${PAGE_MAX_BYTES} bytes, too large for a page.`);
}

export interface TextPage {
  readonly kind: 'html' | 'text';
  readonly bytes: Uint8Array;
  /** Names the encoding. */
  readonly mediaType: string;
  readonly status: number;
  readonly filter: PageFilter;
}

/** Text as a page, HTML filtered. */
export function textPage({ kind, bytes, mediaType, status, filter }: TextPage, appOrigin: string): Response {
  const text = decodeText(bytes, mediaType);
  const headers = { ...contentHeaders(appOrigin), 'Content-Type': `${kind === 'html' ? 'text/html' : 'text/plain'}; charset=utf-8` };
  return new Response(kind === 'html' ? filterHtml(text, filter) : text, { status, headers });
}
