import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { TOKEN_BYTES } from './constants.ts';

/** `<pid>.token` beside `<pid>.sock`. */
export function tokenPathOf(socketPath: string): string {
  return socketPath.replace(/\.sock$/, '.token');
}

/** A new one, for as long as this process runs, in a file that its owner alone can read. */
export function writeToken(socketPath: string): string {
  const token = randomBytes(TOKEN_BYTES).toString('hex');
  const path = tokenPathOf(socketPath);
  rmSync(path, { force: true }); // `mode` counts only for a file that is new
  writeFileSync(path, token, { mode: 0o600, flag: 'wx' });
  return token;
}

/** @throws GlobalNetError `refused`. */
export function readToken(socketPath: string): string {
  try {
    return readFileSync(tokenPathOf(socketPath), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new GlobalNetError('refused', `the token ${tokenPathOf(socketPath)} cannot be read (${code})`, { cause: error });
  }
}

/** Takes the same time wherever they differ, and whatever their lengths. */
export function isSameToken(given: string, token: string): boolean {
  const [a, b] = [given, token].map((text) => createHash('sha256').update(text).digest()) as [Buffer, Buffer];
  return timingSafeEqual(a, b);
}
