import { DecodeError, GlobalNetError } from '../bytes/errors.ts';
import { type Env, spreadMs } from '../env.ts';
import type { OpenedCircuit, Pipe } from '../ports.ts';
import { CLOSE, CONNECT, MESSAGE } from '../wire/registry.ts';
import { decodeConnectOk, type ConnectOk } from '../wire/rendezvous.ts';
import { ANSWER_HASTE_MIN_MS, ANSWER_TIMEOUT_MIN_MS, CIRCUIT_LINGER_MS } from './constants.ts';
import { abortAfter, type Deadline } from './deadline.ts';
import type { PendingHello } from './hello.ts';
import type { BuilderChannels, OpenChannels } from './ports.ts';
import { SealedPipe } from './sealed-pipe.ts';

export interface Welcome {
  readonly pipe: Pipe;
  readonly messages: Uint8Array;
}

/** The point asks for more work than was done. */
export class WorkWanted extends GlobalNetError {
  constructor(readonly effort: number) {
    super('refused', `the rendezvous point asks for work of ${effort}`);
  }
}

function refusal({ code, effort }: ConnectOk): GlobalNetError {
  if (code === CONNECT.work) return new WorkWanted(effort);
  return new GlobalNetError(
    'unserved',
    code === CONNECT.noSuchService ? 'the service does not wait at this point' : 'the point has no room',
  );
}

/**
 * How long the answer may take where the circuit took so long. Whoever gives a way up goes to another point, and the service hears the same
 * session's next hello: one that was held up comes too late then. Part of it is drawn, as of all deadlines that end a circuit.
 */
export function answerWithinMs(env: Pick<Env, 'random'>, openMs: number, isHasty: boolean): number {
  if (!isHasty) return Math.max(ANSWER_TIMEOUT_MIN_MS, 4 * openMs);
  return spreadMs(env, Math.max(ANSWER_HASTE_MIN_MS, 4 * openMs));
}

/**
 * The service's answer to a hello that went out with the circuit. Ends the circuit unless it succeeds.
 * @throws GlobalNetError `refused` (WorkWanted) | `unserved` | `unverified` (not the service answered) | `closed` | `timeout`.
 */
export function awaitWelcome(
  env: Env,
  openChannels: OpenChannels,
  opened: OpenedCircuit,
  hello: PendingHello,
  withinMs: number,
  signal?: AbortSignal,
): Promise<Welcome> {
  return new Promise((resolve, reject) => {
    const deadline = abortAfter(env, withinMs, signal);
    new Knock(env, openChannels, opened, hello, deadline, resolve, reject).start(opened.reply);
  });
}

/** One circuit on which a hello went out, until it is answered or cannot be any more. */
class Knock {
  readonly #env: Env;
  readonly #hello: PendingHello;
  readonly #deadline: Deadline;
  readonly #resolve: (welcome: Welcome) => void;
  readonly #reject: (error: GlobalNetError) => void;
  readonly #channels: BuilderChannels;
  #settled = false;

  constructor(
    env: Env,
    openChannels: OpenChannels,
    opened: OpenedCircuit,
    hello: PendingHello,
    deadline: Deadline,
    resolve: (welcome: Welcome) => void,
    reject: (error: GlobalNetError) => void,
  ) {
    this.#env = env;
    this.#hello = hello;
    this.#deadline = deadline;
    this.#resolve = resolve;
    this.#reject = reject;
    const handler = { onMessage: (type: number, content: Uint8Array) => this.#onMessage(type, content), onClose: () => this.#onClose() };
    this.#channels = openChannels(opened.end, handler);
  }

  start(reply: Uint8Array): void {
    const channel = this.#channels.channel(1);
    channel.handler = {
      onPayload: (payload) => this.#onAnswer(channel, payload),
      onReady: () => undefined,
      onClose: () => this.#onClose(),
    };
    const onAbort = (): void => this.#fail(new GlobalNetError('timeout', 'the service did not answer in time'));
    this.#deadline.signal.addEventListener('abort', onAbort, { once: true });
    if (this.#deadline.signal.aborted) return onAbort();
    this.#channels.start(reply);
  }

  #onClose(): void {
    this.#fail(new GlobalNetError('closed', 'the way to the service was closed before it answered'));
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.#deadline.done();
    return true;
  }

  #fail(error: GlobalNetError): void {
    if (!this.#settle()) return;
    this.#channels.close(CLOSE.ended);
    this.#reject(error);
  }

  #onMessage(type: number, content: Uint8Array): void {
    if (type !== MESSAGE.connectOk || this.#settled) return;
    try {
      const said = decodeConnectOk(content);
      if (said.code !== CONNECT.ok) this.#fail(refusal(said));
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#fail(error);
    }
  }

  #onAnswer(channel: Pipe, payload: Uint8Array): void {
    if (this.#settled) return;
    const answer = this.#hello.finish(payload);
    if (answer === undefined) return this.#fail(new GlobalNetError('unverified', 'somebody else answered for the service'));
    this.#settle();
    channel.consumed(1);
    const pipe = new SealedPipe(this.#env.crypto.aead, channel, answer.keys, { opened: 1 });
    // The circuit serves this channel alone, and goes when the last words are through.
    pipe.onEnd = () => void this.#env.schedule(CIRCUIT_LINGER_MS, () => this.#channels.close(CLOSE.ended));
    this.#resolve({ pipe, messages: answer.messages });
  }
}
