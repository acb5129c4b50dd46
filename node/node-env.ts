import { randomBytes } from 'node:crypto';
import type { Env, LogLevel } from '../src/core/env.ts';
import { nodeCrypto } from '../src/adapters/node-crypto.ts';
import { steadyClock } from '../src/adapters/steady-clock.ts';

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** The longest delay `setTimeout` takes; beyond it Node fires at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** The outside world of a headless peer. Timers do not keep the process alive: what listens or is awaited does. */
export function nodeEnv(minLevel: LogLevel = 'warn'): Env {
  return {
    now: steadyClock(),
    random: (lengthBytes) => new Uint8Array(randomBytes(lengthBytes)),
    schedule(delayMs, task) {
      const timer = setTimeout(task, Math.min(delayMs, MAX_TIMEOUT_MS));
      return () => clearTimeout(timer);
    },
    afterInput: (task) => void setImmediate(task),
    log(level, area, message) {
      if (LEVELS.indexOf(level) < LEVELS.indexOf(minLevel)) return;
      process.stderr.write(`${new Date().toISOString()} ${level} ${area}: ${message}\n`);
    },
    crypto: nodeCrypto,
  };
}
