import { DecodeError, GlobalNetError } from '../bytes/errors.ts';
import type { Env } from '../env.ts';
import type { OpenedCircuit, Pipe } from '../ports.ts';
import { CLOSE, CONNECT, MESSAGE } from '../wire/registry.ts';
import { decodeConnectOk, type ConnectOk } from '../wire/rendezvous.ts';
import { CIRCUIT_LINGER_MS } from './constants.ts';
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
 * The service's answer to a hello that went out with the circuit. Ends the circuit unless it succeeds.
 * @throws GlobalNetError `refused` (WorkWanted) | `unserved` | `unverified` (not the service answered) | `closed` | `timeout`.
 */
export function awaitWelcome(
  env: Env,
  openChannels: OpenChannels,
  opened: OpenedCircuit,
  hello: PendingHello,
  signal: AbortSignal,
): Promise<Welcome> {
  return new Promise((resolve, reject) => {
    let settled = false;
    const fail = (error: GlobalNetError): void => {
      if (settled) return;
      settled = true;
      signal.removeEventListener('abort', onAbort);
      channels.close(CLOSE.ended);
      reject(error);
    };
    const onAbort = (): void => fail(new GlobalNetError('timeout', 'the service did not answer in time'));
    const onMessage = (type: number, content: Uint8Array): void => {
      if (type !== MESSAGE.connectOk || settled) return;
      try {
        const said = decodeConnectOk(content);
        if (said.code !== CONNECT.ok) fail(refusal(said));
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        fail(error);
      }
    };
    const onClose = (): void => fail(new GlobalNetError('closed', 'the way to the service was closed before it answered'));
    const channels: BuilderChannels = openChannels(opened.end, { onMessage, onClose });
    const channel = channels.channel(1);
    const onPayload = (payload: Uint8Array): void => {
      const answer = hello.finish(payload);
      if (answer === undefined) return fail(new GlobalNetError('unverified', 'somebody else answered for the service'));
      settled = true;
      signal.removeEventListener('abort', onAbort);
      channel.consumed(1);
      const pipe = new SealedPipe(env.crypto.aead, channel, answer.keys, { opened: 1 });
      // The circuit serves this channel alone, and goes when the last words are through.
      pipe.onEnd = () => void env.schedule(CIRCUIT_LINGER_MS, () => channels.close(CLOSE.ended));
      resolve({ pipe, messages: answer.messages });
    };
    channel.handler = { onPayload, onReady: () => undefined, onClose };
    signal.addEventListener('abort', onAbort, { once: true });
    channels.acceptMessages(opened.reply);
    if (signal.aborted) onAbort();
  });
}
