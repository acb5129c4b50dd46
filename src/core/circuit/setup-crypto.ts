import type { Env } from '../env.ts';
import { buildExtension, drawExtension, openExtension } from './extension-builder.ts';
import { openReply } from './reply-opener.ts';
import { buildFreshSetup } from './setup-builder.ts';
import type { SetupCrypto } from './types.ts';

/** The builder's public-key work, done here and now: for the worker that serves it, for the simulator, and for a peer without workers. */
export function inlineSetupCrypto(env: Pick<Env, 'crypto' | 'random'>): SetupCrypto {
  return {
    build: async (hops, early) => buildFreshSetup(env, hops, early),
    open: async (secrets, reply) => openReply(env.crypto, secrets, reply),
    buildExtension: async (hop, early) =>
      buildExtension(
        env.crypto,
        hop,
        early,
        drawExtension((lengthBytes) => env.random(lengthBytes), early.length),
      ),
    openExtension: async (secrets, answer) => openExtension(env.crypto, secrets, answer),
  };
}
