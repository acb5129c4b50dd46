import type { ByteStream } from '../ports.ts';

/** All that a request can say. There is no list of headers: what has no field here cannot be sent. */
export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  /** Path and query as the request line has them: printable ASCII from '/' on. */
  readonly target: string;
  /** A page is preferred to other forms of the same thing. */
  readonly wants: 'page' | 'part';
  /** `bytes=` and one range (RFC 9110 § 14.1.2). */
  readonly range?: string | undefined;
  /** The validator of an answer: the range is wanted only of the same thing, else all of what is there now. */
  readonly ifRange?: string | undefined;
  /** Of a POST. */
  readonly body?: { readonly mediaType: string; readonly bytes: Uint8Array } | undefined;
}

/** All of an answer's head that goes on. Cookies, policies, hints and what else a server says end here. */
export interface HttpAnswerHead {
  /** 200 to 599. */
  readonly status: number;
  /** `type/subtype`, parameters behind ';'; undefined when it is missing or none. */
  readonly mediaType: string | undefined;
  /** Of the body; undefined when only its end will tell. With HEAD: of the body that GET would bring. */
  readonly lengthBytes: number | undefined;
  readonly contentRange: string | undefined;
  readonly acceptsRanges: boolean;
  /** Tells these bytes from any others at their place (RFC 9110 § 8.8): a strong `ETag`, or a `Last-Modified` that is as good as one. */
  readonly validator: string | undefined;
  /** How the body is compressed, which whoever reads it undoes; `lengthBytes` is then what comes. */
  readonly coding: 'gzip' | 'deflate' | undefined;
  /** It is to be saved as a file, and not shown. */
  readonly isAttachment: boolean;
  /** What the service would call that file; not fit to be a name before somebody has made it so. */
  readonly fileName: string | undefined;
  /** Of a redirect, as it was written. */
  readonly location: string | undefined;
}

export interface HttpAnswer {
  readonly head: HttpAnswerHead;
  /** In pieces as they come; whoever stops reading ends the stream. @throws GlobalNetError `closed` | `timeout` | `unsupported`. */
  readonly body: AsyncGenerator<Uint8Array, void, undefined>;
}

/** A connection to the service. */
export interface HttpStream extends ByteStream {
  /** Resolves when the service has answered that it stands. @throws as `read`. */
  readonly connected: Promise<void>;
}

/** Opens a connection; `first` may reach the service twice. @throws GlobalNetError. */
export type OpenHttpStream = (first: Uint8Array) => Promise<HttpStream>;
