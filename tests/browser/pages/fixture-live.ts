import { EMPTY, fromUtf8, utf8 } from '../../../src/core/bytes/bytes.ts';
import { askHttp, type HttpAnswer, type HttpRequest, type HttpStream } from '../../../src/core/http/index.ts';
import { STREAM } from '../../../src/core/wire/registry.ts';

/** What a live service has at a path; `headers` are lines. */
export interface LiveFile {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly headers: readonly string[];
}

const clock = {
  schedule(delayMs: number, task: () => void): () => void {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Asks a web server that has these files, by the app's own HTTP over a connection in memory. */
export function askLive(
  files: ReadonlyMap<string, LiveFile>,
  host: string,
  request: HttpRequest,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  return askHttp(clock, async (first) => connection(files, first), request, host, signal as never);
}

function connection(files: ReadonlyMap<string, LiveFile>, first: Uint8Array): HttpStream {
  const path = /^\S+ \/([^ ?]*)/.exec(fromUtf8(first))?.[1] ?? '';
  const file = files.get(path === '' ? 'index.html' : path);
  const { mediaType, bytes, headers } = file ?? { mediaType: 'text/plain', bytes: utf8('not here'), headers: [] };
  const status = file === undefined ? '404 Not Found' : headers.some((line) => line.startsWith('Location:')) ? '302 Found' : '200 OK';
  const head = [`HTTP/1.1 ${status}`, `Content-Type: ${mediaType}`, ...headers, '', ''];
  // A copy: what is posted on is given away.
  const coming = [utf8(head.join('\r\n')), bytes.slice()].filter((part) => part.length > 0);
  return {
    kind: STREAM.tcp,
    request: EMPTY,
    connected: Promise.resolve(),
    read: async () => coming.shift(),
    write: async () => undefined,
    end: () => undefined,
    reset: () => undefined,
  };
}
