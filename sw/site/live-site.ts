import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { isRange } from '../../src/core/http/request.ts';
import { contentHeaders } from '../../src/shared/headers.ts';
import { OUTSIDE_PREFIX, SAVE_PREFIX } from '../../src/shared/site-paths.ts';
import type { HttpRequest } from '../../src/shared/site-port.ts';
import type { OfferedFile, SavedPart } from '../../src/shared/site-shell.ts';
import { bodyStream } from './body-stream.ts';
import { nameInPath, safeFileName } from './file-name.ts';
import { mediaName, pageKind, type ShownKind } from './media.ts';
import { cutOut, parseRange } from './range.ts';
import { restOf } from './rest-of-file.ts';
import { keepsMethod, type Redirect, REDIRECTS_MAX, redirectOf } from './redirect.ts';
import type { LiveAnswer, SitePeer } from './site-peer.ts';
import { PAGE_MAX_BYTES, textPage, wholePage } from './text-page.ts';
import type { Wanted } from './wanted.ts';

/** A form is held whole until the connection stands; larger files are not sent by it. */
const FORM_MAX_BYTES = 32 * 1024 * 1024;
/** Of what does not say what it is. */
const GUESSED_FROM_BYTES = 1024;
const BODILESS = new Set([204, 205, 304]);

/** Where the frame is to go instead of showing this. */
export interface GoOn {
  readonly goTo: string;
}

/** What cannot be shown, or is not to be: nothing of it is read before somebody saves it. */
export interface Offer {
  readonly offered: OfferedFile;
}

/** A live service behind this origin: its pages are made as they are asked for and signed by nobody, and go through the same filter and headers. */
export class LiveSite {
  /** The answer to a form, until the frame comes for it; a file, until it is saved. */
  #kept: { readonly path: string; readonly answer: LiveAnswer } | undefined;
  /** Redirects since a page was shown. */
  #redirects = 0;

  constructor(
    /** What the service itself calls it: its address, with a port that is not 80. */
    readonly host: string,
    readonly appOrigin: string,
    readonly peer: SitePeer,
  ) {}

  /** A page for the frame, or where it leads, or what it is a file of. @throws GlobalNetError. */
  async page({ at: url, isFile }: Wanted): Promise<Response | GoOn | Offer> {
    const target = url.pathname + url.search;
    for (;;) {
      const answer = this.#takeKept(target) ?? (await this.peer.http({ method: 'GET', target, wants: 'page' }));
      const redirect = redirectOf(answer.head, url, this.host);
      if (redirect === undefined) {
        this.#redirects = 0;
        return this.#isFile(answer, isFile) ? this.#offer(answer, url) : this.#pageOf(answer, url);
      }
      answer.leave();
      if (!('path' in redirect) || ++this.#redirects > REDIRECTS_MAX) {
        this.#redirects = 0;
        return this.#leadsAway(redirect, url);
      }
      // To itself: Chromium would take the frame's second navigation there for a repetition of the first.
      if (redirect.path !== target) return { goTo: (isFile ? SAVE_PREFIX : '') + redirect.path };
    }
  }

  /** A form's data to the service. What it answers is kept until the frame comes for it at `goTo`. @throws GlobalNetError. */
  async send(request: Request, url: URL): Promise<GoOn> {
    const bytes = new Uint8Array(await request.arrayBuffer());
    if (bytes.length > FORM_MAX_BYTES)
      throw new GlobalNetError('unsupported', `This form sends ${bytes.length} bytes; up to ${FORM_MAX_BYTES} can be sent at once.`);
    const mediaType = request.headers.get('content-type') ?? 'application/octet-stream';
    let at = url;
    for (let redirects = 0; ; redirects++) {
      const target = at.pathname + at.search;
      const answer = await this.peer.http({ method: 'POST', target, wants: 'page', body: { mediaType, bytes } });
      const redirect = redirectOf(answer.head, at, this.host);
      if (redirect === undefined || !('path' in redirect) || redirects === REDIRECTS_MAX) return this.#keep(target, unrepeatable(answer));
      answer.leave();
      if (!keepsMethod(answer.head.status)) return { goTo: redirect.path };
      at = new URL(redirect.path, url);
    }
  }

  /** A picture, style, font or piece of media. @throws GlobalNetError. */
  async part(request: Request, url: URL): Promise<Response> {
    const range = request.headers.get('range') ?? '';
    const method = request.method === 'HEAD' ? 'HEAD' : 'GET';
    let at = url;
    for (let redirects = 0; ; redirects++) {
      const wanted: HttpRequest = { method, target: at.pathname + at.search, wants: 'part', ...(isRange(range) ? { range } : {}) };
      const answer = await this.peer.http(wanted);
      const redirect = redirectOf(answer.head, at, this.host);
      if (redirect === undefined) return this.#streamed(inRange(named(answer, request), wanted.range), method === 'HEAD');
      answer.leave();
      if (!('path' in redirect) || redirects === REDIRECTS_MAX) throw new GlobalNetError('unknown', 'a part of this page leads elsewhere');
      at = new URL(redirect.path, url);
    }
  }

  /** The file that was offered there, or asked for anew: behind what one has of it, if it is the same. @throws GlobalNetError. */
  async file(url: URL, have?: SavedPart): Promise<LiveAnswer & { fromBytes: number }> {
    const target = url.pathname + url.search;
    const kept = this.#takeKept(target);
    if (kept !== undefined) return { ...kept, fromBytes: 0 };
    const rest = have && (await restOf(this.peer, target, have));
    const answer = rest ?? (await this.peer.http({ method: 'GET', target, wants: 'page' }));
    if (have !== undefined && rest?.head.status === 206) return { ...rest, fromBytes: have.sizeBytes };
    if (answer.head.status === 200) return { ...answer, fromBytes: 0 };
    answer.leave();
    throw noFile(answer);
  }

  #keep(path: string, answer: LiveAnswer): GoOn {
    this.#kept?.answer.leave();
    this.#kept = { path, answer };
    return { goTo: path };
  }

  /** Whatever else is shown meanwhile, nobody will come for it any more. */
  #takeKept(path: string): LiveAnswer | undefined {
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept?.path === path) return kept.answer;
    kept?.answer.leave();
    return undefined;
  }

  #isFile({ head }: LiveAnswer, isWanted: boolean): boolean {
    if (BODILESS.has(head.status)) return false;
    const kind = head.mediaType === undefined ? undefined : pageKind(head.mediaType);
    const isTooLarge = kind !== 'as-is' && (head.lengthBytes ?? 0) > PAGE_MAX_BYTES;
    return isWanted || head.isAttachment || kind === 'file' || isTooLarge;
  }

  /** The answer is kept, unread, for whoever saves it: a form's could not be asked for again. */
  #offer(answer: LiveAnswer, url: URL): Offer {
    if (answer.head.status >= 400) {
      answer.leave();
      throw noFile(answer);
    }
    this.#keep(url.pathname + url.search, answer);
    return offerOf(answer, url);
  }

  async #pageOf(answer: LiveAnswer, url: URL): Promise<Response | Offer> {
    const { status, mediaType = '', lengthBytes } = answer.head;
    try {
      if (BODILESS.has(status))
        throw new GlobalNetError('unsupported', `The service has nothing to show at this place (status ${status}).`);
      const named = mediaType === '' ? undefined : (pageKind(mediaType) as ShownKind);
      if (named === 'as-is') return this.#streamed(answer, false);
      const bytes = await wholePage(answer.body, url.pathname, lengthBytes);
      if (named === undefined && bytes.subarray(0, GUESSED_FROM_BYTES).includes(0)) return offerOf(answer, url);
      const filter = { url: url.href, host: this.host };
      return textPage({ kind: named ?? guessedKind(bytes), bytes, mediaType, status, filter }, this.appOrigin);
    } catch (error) {
      answer.leave();
      throw error;
    }
  }

  #streamed({ head, body, leave }: LiveAnswer, isHead: boolean): Response {
    const headers: Record<string, string> = {
      ...contentHeaders(this.appOrigin),
      'Content-Type': head.mediaType ?? 'application/octet-stream',
    };
    if (head.acceptsRanges) headers['Accept-Ranges'] = 'bytes';
    if (head.contentRange !== undefined) headers['Content-Range'] = head.contentRange;
    if (head.lengthBytes !== undefined) headers['Content-Length'] = String(head.lengthBytes);
    const hasBody = !isHead && !BODILESS.has(head.status);
    if (!hasBody) leave();
    // Of a part that breaks off a gap is left, as in any page.
    return new Response(hasBody ? bodyStream(body, () => {}, leave) : null, { status: head.status, headers });
  }

  /** Nobody is taken out of the site, or round in it, without having asked. */
  #leadsAway(redirect: Redirect, url: URL): Response {
    const to = 'path' in redirect ? redirect.path : redirect.url;
    const words = 'path' in redirect ? 'This page leads round in circles. It would go on to' : 'This page leads to another address:';
    const link = 'path' in redirect ? to : OUTSIDE_PREFIX + encodeURIComponent(to);
    const page = `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<title>This page leads elsewhere</title><h1>This page leads elsewhere</h1><p>${words} <a href="${escaped(link)}">${escaped(to)}</a></p></html>`;
    const bytes = new TextEncoder().encode(page);
    return textPage({ kind: 'html', bytes, mediaType: '', status: 200, filter: { url: url.href } }, this.appOrigin);
  }
}

/** A style sheet that does not say that it is one: under our headers a browser would not take it for one. */
function named(answer: LiveAnswer, { destination }: Request): LiveAnswer {
  if (answer.head.mediaType !== undefined || destination !== 'style') return answer;
  return { ...answer, head: { ...answer.head, mediaType: 'text/css' } };
}

/** What a form is answered with cannot be asked for again, and so not gone on with. */
function unrepeatable(answer: LiveAnswer): LiveAnswer {
  return { ...answer, head: { ...answer.head, validator: undefined } };
}

/** The range that was asked for, of a service that has none and sends all: a player could not seek. What lies before it is fetched and dropped. */
function inRange(answer: LiveAnswer, header: string | undefined): LiveAnswer {
  const { head, body } = answer;
  if (header === undefined || head.status !== 200 || head.lengthBytes === undefined) return answer;
  const range = parseRange(header, head.lengthBytes);
  if (range === undefined || range === 'unsatisfiable') return answer;
  const { offset, lengthBytes } = range;
  const contentRange = `bytes ${offset}-${offset + lengthBytes - 1}/${head.lengthBytes}`;
  return { ...answer, head: { ...head, status: 206, lengthBytes, contentRange, acceptsRanges: true }, body: cutOut(body, range) };
}

function offerOf({ head: { mediaType, lengthBytes, fileName } }: LiveAnswer, { pathname }: URL): Offer {
  const name = safeFileName(fileName ?? nameInPath(pathname));
  return { offered: { name, mediaType: mediaType && mediaName(mediaType), sizeBytes: lengthBytes, isLive: true } };
}

function noFile({ head }: LiveAnswer): GlobalNetError {
  return new GlobalNetError('unknown', `The service has no such file: it answers with status ${head.status}.`);
}

/** Of an answer that does not say what it is: small servers do not. Either way the filter has read it. */
function guessedKind(bytes: Uint8Array): 'html' | 'text' {
  return /^[\s\ufeff]*</.test(new TextDecoder().decode(bytes.subarray(0, GUESSED_FROM_BYTES))) ? 'html' : 'text';
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');
}
