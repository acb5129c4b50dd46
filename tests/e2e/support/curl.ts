import { execFile } from 'node:child_process';

/** curl's exit code when the proxy says no, and when it says yes and the connection then breaks. */
export const CURL_PROXY = 97;
export const CURL_RESET = 56;
/** It ended in good order, without an answer. */
export const CURL_EMPTY = 52;

export interface Answer {
  readonly code: number;
  readonly body: Buffer;
  readonly words: string;
}

/** curl, as a user calls it; bounded. */
export function curl(...args: string[]): Promise<Answer> {
  return new Promise((resolve) => {
    execFile('curl', ['-sS', '--max-time', '90', ...args], { encoding: 'buffer', maxBuffer: 64_000_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), body: stdout, words: String(stderr) });
    });
  });
}
