import { GlobalNetError } from '../bytes/errors.ts';
import type { Env } from '../env.ts';
import { askHttp, type HttpAnswer, type HttpRequest } from '../http/index.ts';
import { HTTP_PORT, siteHost } from '../wire/address.ts';
import { END, type EndReason, STREAM } from '../wire/registry.ts';
import { encodeTcpRequest } from '../wire/tcp.ts';
import { LIVE_REQUESTS_MAX } from './constants.ts';
import type { ServiceSession } from './service-session.ts';
import type { FetchProgress } from './status.ts';
import { openTold, type ToldStream } from './told-stream.ts';

/** Whoever answers at this address serves no packs: it is a live service, whose answers nobody signs. */
export class LiveService extends GlobalNetError {
  constructor() {
    super(
      'unsupported',
      'a live service answers at this address, and not a published site: the app shows it, and programs reach it by `gnet proxy`',
    );
  }
}

export interface LiveSiteOptions {
  readonly env: Env;
  readonly visit: Pick<ServiceSession, 'address' | 'openStream' | 'turnedAway' | 'hops'>;
  /** @throws GlobalNetError when joining failed. */
  ready(): Promise<void>;
  onProgress(progress: FetchProgress): void;
}

/** A live service as a page is read from it: a stream to its web server for each request, and nothing kept. */
export class LiveSite {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(private readonly options: LiveSiteOptions) {}

  /**
   * Whoever does not read the body to its end aborts the signal, or leaves the body's loop.
   * @param port of the service, 1 to 65535.
   * @throws GlobalNetError as `askHttp`, and why there is no connection.
   */
  async ask(request: HttpRequest, signal: AbortSignal, port = HTTP_PORT): Promise<HttpAnswer> {
    const { env, visit } = this.options;
    const startedAtMs = env.now();
    const leave = await this.#enter(signal);
    try {
      const { head, body } = await askHttp(env, (first) => this.#connect(port, first), request, siteHost(visit.address, port), signal);
      return { head, body: this.#counted(request, head.lengthBytes, body, startedAtMs, leave) };
    } catch (error) {
      leave();
      throw error;
    }
  }

  async #connect(port: number, first: Uint8Array): Promise<ToldStream> {
    const { ready, visit } = this.options;
    await ready();
    return openTold(visit, (reason) => connectionWords(reason, port), STREAM.tcp, encodeTcpRequest({ port }), first);
  }

  async *#counted(
    { target }: HttpRequest,
    totalBytes: number | undefined,
    body: HttpAnswer['body'],
    startedAtMs: number,
    leave: () => void,
  ): HttpAnswer['body'] {
    const { env, visit, onProgress } = this.options;
    const path = target.slice(1);
    let receivedBytes = 0;
    let firstByteMs: number | undefined;
    try {
      for await (const part of body) {
        receivedBytes += part.length;
        firstByteMs ??= env.now() - startedAtMs;
        onProgress({ address: visit.address, path, receivedBytes, totalBytes, circuit: visit.hops.at(-1), startedAtMs, firstByteMs });
        yield part;
      }
    } finally {
      leave();
    }
  }

  /** Resolves when fewer than LIVE_REQUESTS_MAX run. The answer ends this one, as the signal does. @throws GlobalNetError `cancelled`. */
  async #enter(signal: AbortSignal): Promise<() => void> {
    while (this.#running >= LIVE_REQUESTS_MAX) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (signal.aborted) {
      this.#waiting.shift()?.();
      throw new GlobalNetError('cancelled', 'nobody waits for this answer any more');
    }
    this.#running++;
    let hasLeft = false;
    const leave = (): void => {
      if (hasLeft) return;
      hasLeft = true;
      this.#running--;
      this.#waiting.shift()?.();
    };
    signal.addEventListener('abort', leave, { once: true });
    return leave;
  }
}

/** What docs/spec/13-tcp.md § Answer says, to a reader. */
function connectionWords(reason: EndReason, port: number): GlobalNetError | undefined {
  switch (reason) {
    case END.refused:
      return new GlobalNetError('refused', `this service has no web server: it takes no connections at port ${port}`);
    case END.portClosed:
      return new GlobalNetError('unserved', 'the service is there, but the web server behind it does not run');
    case END.unreachable:
      return new GlobalNetError('unserved', 'the service is there, but the web server behind it cannot be reached');
    case END.timeout:
      return new GlobalNetError('timeout', 'the service is there, but the web server behind it does not answer');
    case END.full:
      return new GlobalNetError('refused', 'the service has too many visitors now');
    case END.cancelled:
      return new GlobalNetError('closed', 'the web server broke the connection off');
    default:
      return undefined;
  }
}
