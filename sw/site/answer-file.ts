import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { concat } from '../../src/core/bytes/bytes.ts';
import type { FileEntry } from '../../src/core/wire/manifest.ts';
import { contentHeaders } from '../../src/shared/headers.ts';
import { filterHtml } from './html-filter.ts';
import { decodeText, mediaName, pageKind } from './media.ts';
import { parseRange } from './range.ts';
import type { SiteVersion, VerifiedSite } from './verified-site.ts';

/** A page is held whole while it is filtered. */
const PAGE_MAX_BYTES = 8 * 1024 * 1024;

export interface FileAnswerContext {
  readonly site: VerifiedSite;
  readonly version: SiteVersion;
  readonly appOrigin: string;
  /** Told when a stream breaks behind its head, where no status can say it any more. */
  readonly onFailure: (path: string, error: unknown) => void;
}

/** What the frame shows: HTML filtered, and nothing that a browser would run. @throws as `VerifiedSite.read`. */
export async function answerPage(context: FileAnswerContext, entry: FileEntry, status: number, request: Request): Promise<Response> {
  const kind = pageKind(entry.mediaType);
  if (kind === 'download')
    throw new GlobalNetError('unsupported', `'${entry.path}' is of a kind (${mediaName(entry.mediaType)}) that is not shown in a page.`);
  if (kind === 'as-is') return answerFile(context, entry, request, status);
  if (entry.sizeBytes > PAGE_MAX_BYTES)
    throw new GlobalNetError('unsupported', `'${entry.path}' is ${entry.sizeBytes} bytes, too large for a page.`);
  const text = decodeText(await wholeFile(context, entry), entry.mediaType);
  const shown = kind === 'html' ? filterHtml(text, { url: request.url }) : text;
  const headers = {
    ...contentHeaders(context.appOrigin),
    'Content-Type': `${kind === 'html' ? 'text/html' : 'text/plain'}; charset=utf-8`,
  };
  return new Response(shown, { status, headers });
}

async function wholeFile({ site, version }: FileAnswerContext, entry: FileEntry): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of site.read(version, entry, 0, entry.sizeBytes)) parts.push(part);
  return concat(...parts);
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

function verifiedStream(context: FileAnswerContext, entry: FileEntry, offset: number, lengthBytes: number): ReadableStream<Uint8Array> {
  const parts = context.site.read(context.version, entry, offset, lengthBytes);
  // A player that seeks drops the answer it has while its next part is on the way: a closed stream takes nothing more, and nothing has failed.
  let dropped = false;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { value, done } = await parts.next();
        if (dropped) return;
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        if (dropped) return;
        context.onFailure(entry.path, error);
        controller.error(error);
      }
    },
    async cancel() {
      dropped = true;
      await parts.return(undefined);
    },
  });
}
