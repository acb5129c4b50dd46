import { nobleCrypto } from '../../src/core/crypto/noble.ts';
import type { Env, LogLevel } from '../../src/core/env.ts';
import type { CryptoPort } from '../../src/core/ports.ts';
import { VirtualClock } from '../../src/sim/clock.ts';
import { seededRandom } from '../../src/sim/random.ts';

export interface LogLine {
  readonly level: LogLevel;
  readonly area: string;
  readonly message: string;
}

/** The world as a test sees it: its time stands still, its random bytes follow from the seed, its log is kept. */
export interface TestEnv extends Env {
  readonly clock: VirtualClock;
  readonly logged: LogLine[];
  /** `clock.advance`: lets `ms` pass, timer by timer, promises settling in between. */
  advance(ms: number): Promise<void>;
  /** `clock.runAll`: until no timer waits. */
  runAll(limitMs?: number): Promise<void>;
}

export interface TestEnvOptions {
  seed?: string;
  /** Give several environments one clock to let them live in one time. */
  clock?: VirtualClock;
  crypto?: CryptoPort;
}

export function testEnv({ seed = 'test', clock = new VirtualClock(), crypto = nobleCrypto }: TestEnvOptions = {}): TestEnv {
  const logged: LogLine[] = [];
  return {
    clock,
    logged,
    crypto,
    now: clock.now,
    schedule: clock.schedule,
    random: seededRandom(seed),
    log: (level, area, message) => void logged.push({ level, area, message }),
    advance: (ms) => clock.advance(ms),
    runAll: (limitMs) => clock.runAll(limitMs),
  };
}
