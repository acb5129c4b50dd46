/**
 * HTTP/1.1 as a reader speaks it (RFC 9110, 9112): one request on one connection, strict about what comes back. Requests and answers are
 * whittled down to a few fields: a header that has no field goes neither way.
 *
 * Not here: connections (peer), redirects, and what a browser is given of it (the service worker), any form of caching or cookies.
 */
export * from './ask-http.ts';
export * from './constants.ts';
export * from './disposition.ts';
export * from './request.ts';
export * from './response-decoder.ts';
export type * from './types.ts';
