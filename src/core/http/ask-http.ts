import { EMPTY } from '../bytes/bytes.ts';
import { DecodeError, GlobalNetError } from '../bytes/errors.ts';
import type { Env } from '../env.ts';
import { END } from '../wire/registry.ts';
import { LINGER_MS, SILENCE_MS, WRITE_BYTES } from './constants.ts';
import { encodeHttpRequest } from './request.ts';
import { HttpResponseDecoder } from './response-decoder.ts';
import { answerHead } from './response-head.ts';
import type { HttpAnswer, HttpAnswerHead, HttpRequest, HttpStream, OpenHttpStream } from './types.ts';

type Clock = Pick<Env, 'schedule'>;

/**
 * One request on a connection of its own. GET and HEAD go along with the opening, as they may be heard twice; a POST waits until the
 * connection stands.
 * @param signal ends it at any time: before the head with `cancelled`, in the body as if it were read no more.
 * @throws GlobalNetError `unsupported` (no HTTP) | `timeout` | `closed` | `cancelled`, and as `open` and its stream; RangeError for a request that is none.
 */
export async function askHttp(
  env: Clock,
  open: OpenHttpStream,
  request: HttpRequest,
  host: string,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const head = encodeHttpRequest(request, host);
  const isSafe = request.method !== 'POST';
  const stream = await open(isSafe ? head : EMPTY);
  const exchange = new Exchange(env, stream, request.method === 'HEAD');
  const onAbort = (): void => stream.reset(END.cancelled);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    if (signal.aborted) onAbort();
    if (!isSafe) void exchange.send(head, request.body?.bytes ?? EMPTY);
    return { head: await exchange.head(), body: exchange.body() };
  } catch (error) {
    stream.reset(error instanceof DecodeError ? END.malformed : END.cancelled);
    throw signal.aborted ? new GlobalNetError('cancelled', 'nobody waits for this answer any more') : inWords(error);
  }
}

/** One connection: what is sent on it, and what is read of the answer. */
class Exchange {
  readonly #decoder: HttpResponseDecoder;
  #body: Uint8Array[] = [];
  #isLate = false;
  #cancelTimer: (() => void) | undefined;

  constructor(
    private readonly env: Clock,
    private readonly stream: HttpStream,
    isHead: boolean,
  ) {
    this.#decoder = new HttpResponseDecoder(isHead);
  }

  /** Never rejects: what stops the sending stops the reading too. */
  async send(head: Uint8Array, body: Uint8Array): Promise<void> {
    try {
      await this.stream.connected;
      await this.stream.write(head);
      for (let at = 0; at < body.length; at += WRITE_BYTES) {
        await this.stream.write(body.subarray(at, at + WRITE_BYTES));
        if (this.#cancelTimer !== undefined) this.#rearm();
      }
    } catch {
      // whoever reads hears of it
    }
  }

  async head(): Promise<HttpAnswerHead> {
    while (this.#decoder.head === undefined) await this.#receive();
    return answerHead(this.#decoder.head);
  }

  async *body(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (;;) {
        for (let part = this.#body.shift(); part !== undefined; part = this.#body.shift()) yield part;
        if (this.#decoder.done) return;
        await this.#receive();
      }
    } catch (error) {
      throw inWords(error);
    } finally {
      if (this.#decoder.done && this.#body.length === 0) void this.#leave();
      else this.stream.reset(END.cancelled);
    }
  }

  async #receive(): Promise<void> {
    this.#rearm();
    try {
      const bytes = await this.stream.read();
      if (bytes === undefined) this.#end();
      else this.#body.push(...this.#decoder.push(bytes));
    } catch (error) {
      if (!this.#isLate) throw error;
      throw new GlobalNetError('timeout', `the service fell silent for ${SILENCE_MS / 1000} s`, { cause: error });
    } finally {
      this.#cancelTimer?.();
      this.#cancelTimer = undefined;
    }
  }

  #end(): void {
    try {
      this.#decoder.end();
    } catch (error) {
      throw new GlobalNetError('closed', 'the service ended the connection before its answer was whole', { cause: error });
    }
  }

  #rearm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.env.schedule(SILENCE_MS, () => {
      this.#isLate = true;
      this.stream.reset(END.timeout);
    });
  }

  /** It was asked to end its side behind the answer; who does not, or goes on, is not waited for. Never rejects. */
  async #leave(): Promise<void> {
    const cancel = this.env.schedule(LINGER_MS, () => this.stream.reset(END.done));
    this.stream.end();
    try {
      if ((await this.stream.read()) !== undefined) this.stream.reset(END.done);
    } catch {
      // it is over either way
    } finally {
      cancel();
    }
  }
}

function inWords(error: unknown): unknown {
  if (!(error instanceof DecodeError)) return error;
  return new GlobalNetError('unsupported', `the service does not answer as a web server does: ${error.problem}`, { cause: error });
}
