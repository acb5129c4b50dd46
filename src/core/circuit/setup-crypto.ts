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

/** What an ordinary setup of one hop takes is done `here`, as long as a relay works on any stranger's packet; all else `elsewhere`. */
export function splitSetupCrypto(here: SetupCrypto, elsewhere: SetupCrypto): SetupCrypto {
  return {
    build: (hops, early) => (hops.length === 1 && hops[0]?.setupEffort === 0 ? here : elsewhere).build(hops, early),
    open: (secrets, reply) => (secrets.length === 1 ? here : elsewhere).open(secrets, reply),
    buildExtension: (...args) => elsewhere.buildExtension(...args),
    openExtension: (...args) => elsewhere.openExtension(...args),
  };
}
