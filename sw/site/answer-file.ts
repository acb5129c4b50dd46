import type { FileEntry } from '../../src/core/wire/manifest.ts';
import { contentHeaders } from '../../src/shared/headers.ts';
import { bodyStream } from './body-stream.ts';
import { nameInPath, safeFileName } from './file-name.ts';
import type { Offer } from './live-site.ts';
import { mediaName, pageKind } from './media.ts';
import { parseRange } from './range.ts';
import { PAGE_MAX_BYTES, textPage, wholePage } from './text-page.ts';
import type { SiteVersion, VerifiedSite } from './verified-site.ts';

export interface FileAnswerContext {
  readonly site: VerifiedSite;
  readonly version: SiteVersion;
  readonly appOrigin: string;
  /** Told when a stream breaks behind its head, where no status can say it any more. */
  readonly onFailure: (path: string, error: unknown) => void;
}

/** A signed file for whoever wants to save it. */
export function offerOf({ path, mediaType, sizeBytes }: FileEntry): Offer {
  return { offered: { name: safeFileName(nameInPath(path)), mediaType: mediaName(mediaType), sizeBytes, isLive: false } };
}

/** What the frame shows: HTML filtered, and nothing that a browser would run; the rest is offered. @throws as `VerifiedSite.read`. */
export async function answerPage(
  context: FileAnswerContext,
  entry: FileEntry,
  status: number,
  request: Request,
): Promise<Response | Offer> {
  const { path, mediaType } = entry;
  const kind = pageKind(mediaType);
  if (kind === 'file' || (kind !== 'as-is' && entry.sizeBytes > PAGE_MAX_BYTES)) return offerOf(entry);
  if (kind === 'as-is') return answerFile(context, entry, request, status);
  const bytes = await wholePage(context.site.read(context.version, entry, 0, entry.sizeBytes), path, entry.sizeBytes);
  return textPage({ kind, bytes, mediaType, status, filter: { url: request.url } }, context.appOrigin);
}

/** A file as it is, or the part of it that was asked for, streamed as it is verified. */
export function answerFile(context: FileAnswerContext, entry: FileEntry, request: Request, status = 200): Response {
  const range = status === 200 ? parseRange(request.headers.get('range'), entry.sizeBytes) : undefined;
  const headers: Record<string, string> = {
    ...contentHeaders(context.appOrigin),
    'Content-Type': entry.mediaType,
    'Accept-Ranges': 'bytes',
  };
  if (range === 'unsatisfiable')
    return new Response(null, { status: 416, headers: { ...headers, 'Content-Range': `bytes */${entry.sizeBytes}` } });
  const { offset, lengthBytes } = range ?? { offset: 0, lengthBytes: entry.sizeBytes };
  headers['Content-Length'] = String(lengthBytes);
  if (range) headers['Content-Range'] = `bytes ${offset}-${offset + lengthBytes - 1}/${entry.sizeBytes}`;
  const body = request.method === 'HEAD' ? null : verifiedStream(context, entry, offset, lengthBytes);
  return new Response(body, { status: range ? 206 : status, headers });
}

function verifiedStream({ site, version, onFailure }: FileAnswerContext, entry: FileEntry, offset: number, lengthBytes: number) {
  return bodyStream(site.read(version, entry, offset, lengthBytes), (error) => onFailure(entry.path, error));
}
