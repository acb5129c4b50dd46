import { nobleCrypto } from '../../src/core/crypto/noble.ts';
import type { Env } from '../../src/core/env.ts';

/** The real clock and real randomness, of Node or of a page, for tests over real sockets. */
export const realEnv: Env = {
  now: () => Date.now(),
  random: (lengthBytes) => globalThis.crypto.getRandomValues(new Uint8Array(lengthBytes)),
  schedule(delayMs, task) {
    const timer: unknown = setTimeout(task, delayMs);
    // A timer must not keep a test's process alive; in a page it is a number.
    if (typeof timer === 'object') (timer as { unref(): void }).unref();
    return () => clearTimeout(timer as number);
  },
  log: () => {},
  crypto: nobleCrypto,
};
