/** A live service between the peer's end of a site's port and the service worker's: real ports, the real filter, answers from this test. */
import assert from 'node:assert/strict';
import { afterEach } from 'node:test';
import { serveSitePort } from '../../../src/adapters/serve-site-port.ts';
import { utf8 } from '../../../src/core/bytes/bytes.ts';
import type { HttpAnswerHead, HttpRequest } from '../../../src/shared/site-port.ts';
import { LiveSite } from '../../../sw/site/live-site.ts';
import { SitePeer } from '../../../sw/site/site-peer.ts';
import { type Wanted, wantedBy } from '../../../sw/site/wanted.ts';

export const HOST = `${'a'.repeat(56)}.gnet`;
export const ORIGIN = 'http://label.gnet.localhost:8080';
const PLAIN: HttpAnswerHead = {
  status: 200,
  mediaType: undefined,
  lengthBytes: undefined,
  contentRange: undefined,
  acceptsRanges: false,
  validator: undefined,
  coding: undefined,
  isAttachment: false,
  fileName: undefined,
  location: undefined,
};

export interface Answer {
  head?: Partial<HttpAnswerHead>;
  /** As often as it is asked for. */
  body?: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

export const ports: MessagePort[] = [];
afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

/** @param answer to each request. */
export function house(answer: (request: HttpRequest) => Answer) {
  const asked: HttpRequest[] = [];
  const signals: AbortSignal[] = [];
  const { port1, port2 } = new MessageChannel() as unknown as { port1: MessagePort; port2: MessagePort };
  ports.push(port1, port2);
  serveSitePort(port1, {
    manifest: async () => 'live',
    chunks: () => assert.fail('a live service has no chunks'),
    async http(request, signal) {
      asked.push(request);
      signals.push(signal);
      const { head = {}, body = () => [] } = answer(request);
      return { head: { ...PLAIN, ...head }, body: pieces(body()) };
    },
  });
  const peer = new SitePeer(port2);
  return { peer, asked, signals, live: new LiveSite(HOST, 'http://gnet.localhost:8080', peer) };
}

export async function* pieces(parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const part of parts) yield Uint8Array.from(part); // a buffer of its own, which is given away
}

export async function* megabytes(): AsyncGenerator<Uint8Array> {
  for (;;) yield new Uint8Array(1e6);
}

export async function collected(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return all;
}

export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

export const text = (words: string) => () => [utf8(words)];
export const at = (path: string): URL => new URL(path, ORIGIN);
export const wants = (path: string): Wanted => wantedBy(at(path));
export const get = (path: string, headers = {}): Request => new Request(at(path), { headers });
export const post = (path: string, body: string): Request => new Request(at(path), { method: 'POST', body });

export async function pageOf({ live }: ReturnType<typeof house>, path: string): Promise<Response> {
  const page = await live.page(wants(path));
  if (!(page instanceof Response)) throw new Error(`no page: ${JSON.stringify(page)}`);
  return page;
}
