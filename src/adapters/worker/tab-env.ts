import type { Env, LogLevel } from '../../core/env.ts';
import { nobleCrypto } from '../../core/crypto/noble.ts';
import type { CryptoPort } from '../../core/ports.ts';
import { steadyClock } from '../steady-clock.ts';

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** The longest delay `setTimeout` takes; beyond it a browser fires at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** The outside world of a peer in a tab's worker. Its crypto is @noble's until a faster one has loaded. */
export interface TabEnv extends Env {
  crypto: CryptoPort;
}

export function tabEnv(minLevel: LogLevel = 'warn'): TabEnv {
  return {
    crypto: nobleCrypto,
    now: steadyClock(),
    random: (lengthBytes) => crypto.getRandomValues(new Uint8Array(lengthBytes)),
    schedule(delayMs, task) {
      const timer = setTimeout(task, Math.min(delayMs, MAX_TIMEOUT_MS));
      return () => clearTimeout(timer);
    },
    log(level, area, message) {
      if (LEVELS.indexOf(level) >= LEVELS.indexOf(minLevel)) console[level === 'info' ? 'log' : level](`${area}: ${message}`);
    },
  };
}
