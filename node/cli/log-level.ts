import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import type { LogLevel } from '../../src/core/env.ts';

/** @throws GlobalNetError `malformed`. */
export function logLevelOf(text: string | undefined): LogLevel {
  if (text === undefined) return 'warn';
  if (text === 'debug' || text === 'info' || text === 'warn' || text === 'error') return text;
  throw new GlobalNetError('malformed', `--log wants debug, info, warn or error, not '${text}'`);
}
