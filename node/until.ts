import { GlobalNetError } from '../src/core/bytes/errors.ts';
import { type Env, sleep } from '../src/core/env.ts';
import type { Peer, SiteHost } from '../src/core/peer/index.ts';
import { joinInWords } from './cli/joining.ts';
import type { Output } from './cli/output.ts';

const LOOK_EVERY_MS = 50;

/** The promise, or `cancelled` as soon as the user has had enough. */
export async function unlessStopped<Value>(promise: Promise<Value>, stop: AbortSignal): Promise<Value> {
  let onAbort = (): void => undefined;
  const stopped = new Promise<never>((_, reject) => {
    onAbort = () => reject(new GlobalNetError('cancelled', 'stopped'));
    if (stop.aborted) onAbort();
    stop.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, stopped]);
  } finally {
    stop.removeEventListener('abort', onAbort);
    promise.catch(() => undefined);
  }
}

/** Resolves when the peer has joined. @throws GlobalNetError what joining failed with, `cancelled`. */
export async function untilReady(peer: Peer, stop: AbortSignal, output?: Output): Promise<void> {
  const joined = output?.waiting(() => joinInWords(peer.status().join));
  try {
    await unlessStopped(peer.membership.ready(), stop);
  } finally {
    joined?.();
  }
}

/**
 * As `untilReady`, for what runs until it is stopped: a network that cannot be reached now may be there later. What is wrong meanwhile is for
 * `sayJoining` to say. @throws GlobalNetError `cancelled`.
 */
export async function untilJoined(env: Env, peer: Peer, stop: AbortSignal, output?: Output): Promise<void> {
  const joined = output?.waiting(() => joinInWords(peer.status().join));
  try {
    for (;;) {
      const found = await unlessStopped(peer.membership.ready(), stop).then(() => true, unlessCancelled);
      if (found) return;
      await unlessStopped(sleep(env, LOOK_EVERY_MS), stop);
    }
  } finally {
    joined?.();
  }
}

/** Resolves when joining has succeeded or failed for the first time. @throws GlobalNetError `cancelled`. */
export async function untilAsked(peer: Peer, stop: AbortSignal, output?: Output): Promise<void> {
  await untilReady(peer, stop, output).catch(unlessCancelled);
}

function unlessCancelled(error: unknown): false {
  if (error instanceof GlobalNetError && error.kind !== 'cancelled') return false;
  throw error;
}

/** Resolves when the service can be reached: a record that names its points is held by somebody. @throws as `untilJoined`. */
export async function untilPublished(
  env: Env,
  peer: Peer,
  host: Pick<SiteHost, 'status'>,
  stop: AbortSignal,
  output?: Output,
): Promise<void> {
  await untilJoined(env, peer, stop, output);
  const published = output?.waiting(() => {
    const points = host.status.points.length;
    return points === 0 ? 'Publishing: looking for rendezvous points' : `Publishing: ${points} rendezvous points stand, storing the record`;
  });
  try {
    while (host.status.publishedAtMs === undefined) await unlessStopped(sleep(env, LOOK_EVERY_MS), stop);
  } finally {
    published?.();
  }
}

/** Resolves when a record of what the service is now is held by somebody, after one of `beforeMs`. @throws GlobalNetError `cancelled`. */
export async function untilRepublished(
  env: Env,
  host: Pick<SiteHost, 'status'>,
  beforeMs: number | undefined,
  stop: AbortSignal,
): Promise<void> {
  while (host.status.publishedAtMs === beforeMs) await unlessStopped(sleep(env, LOOK_EVERY_MS), stop);
}

/** Resolves when the user has had enough. Nothing else keeps a peer that only dials alive. */
export function stopped(stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const alive = setInterval(() => undefined, 1 << 30);
    const end = (): void => {
      clearInterval(alive);
      resolve();
    };
    if (stop.aborted) end();
    stop.addEventListener('abort', end, { once: true });
  });
}
