import assert from 'node:assert/strict';
import { ExitPolicy } from '../../node/exit/index.ts';
import { ipBytes } from '../../node/ip.ts';

/** Of these lines. */
export function policy(...lines: string[]): ExitPolicy {
  return new ExitPolicy([{ where: 'rules', lines }]);
}

export function ip(text: string): Uint8Array {
  const bytes = ipBytes(text);
  assert.ok(bytes !== undefined, text);
  return bytes;
}
