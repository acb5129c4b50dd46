import { type ErrorKind, GlobalNetError, messageOf } from '../bytes/errors.ts';
import type { SetupCrypto } from './types.ts';

/**
 * SetupCrypto across threads. The peer asks, the setup worker answers each request once, in order.
 *
 *   peer → worker   SetupRequest
 *   worker → peer   SetupAnswer with the request's id
 */
export interface SetupPort {
  postMessage(message: unknown): void;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
}

type Operation = keyof SetupCrypto;

/** Sent from the peer to the setup worker, to have one operation done. All of it is plain data. */
export interface SetupRequest {
  readonly id: number;
  readonly operation: Operation;
  readonly args: readonly unknown[];
}

/** Sent from the setup worker to the peer: the value, or the error as far as a caller may branch on it. */
export type SetupAnswer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: { readonly kind: ErrorKind | 'range'; readonly message: string } };

/** Answers requests on the port, for ever: the worker's whole business. */
export function serveSetupCrypto(port: SetupPort, crypto: SetupCrypto): void {
  port.onmessage = ({ data }) => {
    const { id, operation, args } = data as SetupRequest;
    const run = crypto[operation] as (...values: readonly unknown[]) => Promise<unknown>;
    run(...args).then(
      (value) => port.postMessage({ id, value } satisfies SetupAnswer),
      (error: unknown) => port.postMessage({ id, error: describe(error) } satisfies SetupAnswer),
    );
  };
}

function describe(error: unknown): { kind: ErrorKind | 'range'; message: string } {
  const message = messageOf(error);
  if (error instanceof GlobalNetError) return { kind: error.kind, message };
  return { kind: error instanceof RangeError ? 'range' : 'internal', message };
}

export interface RemoteSetupCrypto extends SetupCrypto {
  /** The worker has died: what waits for it fails, and what is asked afterwards. */
  fail(why: string): void;
}

/** The peer's side. @param port is the client's alone: it takes `onmessage` over. */
export function remoteSetupCrypto(port: SetupPort): RemoteSetupCrypto {
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let lastId = 0;
  let dead: string | undefined;
  port.onmessage = ({ data }) => {
    const answer = data as SetupAnswer;
    const caller = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('value' in answer) caller?.resolve(answer.value);
    else caller?.reject(revive(answer.error));
  };
  const ask = <T>(operation: Operation, ...args: readonly unknown[]): Promise<T> =>
    new Promise((resolve, reject) => {
      if (dead !== undefined) return reject(new GlobalNetError('internal', dead));
      const id = ++lastId;
      waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      port.postMessage({ id, operation, args } satisfies SetupRequest);
    });
  return {
    build: (hops, early) => ask('build', hops, early),
    open: (secrets, reply) => ask('open', secrets, reply),
    buildExtension: (hop, early) => ask('buildExtension', hop, early),
    openExtension: (secrets, answer) => ask('openExtension', secrets, answer),
    fail(why) {
      dead = `the setup worker has stopped: ${why}`;
      for (const { reject } of waiting.values()) reject(new GlobalNetError('internal', dead));
      waiting.clear();
    },
  };
}

function revive({ kind, message }: { kind: ErrorKind | 'range'; message: string }): Error {
  return kind === 'range' ? new RangeError(message) : new GlobalNetError(kind, message);
}

export interface LazySetupCrypto extends SetupCrypto {
  /** Has the worker start now, for one that will be wanted soon. */
  start(): void;
}

/**
 * Setup crypto whose worker starts with the first build (a peer that builds nothing has none), and again when it has died.
 * @param start a new worker's client, and what is to be called when it has died.
 */
export function lazySetupCrypto(start: (onDeath: () => void) => RemoteSetupCrypto | Promise<RemoteSetupCrypto>): LazySetupCrypto {
  let running: Promise<RemoteSetupCrypto> | undefined;
  const remote = (): Promise<RemoteSetupCrypto> => {
    if (running !== undefined) return running;
    const starting: Promise<RemoteSetupCrypto> = Promise.resolve(start(forget));
    function forget(): void {
      if (running === starting) running = undefined;
    }
    starting.catch(forget);
    return (running = starting);
  };
  return {
    start: () => void remote().catch(() => undefined), // told to whoever builds
    build: async (...args) => (await remote()).build(...args),
    open: async (...args) => (await remote()).open(...args),
    buildExtension: async (...args) => (await remote()).buildExtension(...args),
    openExtension: async (...args) => (await remote()).openExtension(...args),
  };
}
