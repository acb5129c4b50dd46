import type { Assert } from '../../support/store-suite.ts';

/** As much of node:assert/strict as shared suites use, for a page. */

function shown(value: unknown): string {
  return value instanceof Uint8Array ? `bytes [${value}]` : (JSON.stringify(value) ?? String(value));
}

function equal(got: unknown, wanted: unknown, message = ''): void {
  if (!Object.is(got, wanted)) throw new Error(`${message} wanted ${shown(wanted)}, got ${shown(got)}`);
}

function deepEqual(got: unknown, wanted: unknown, message?: string): void {
  equal(shown(got), shown(wanted), message);
}

export const smallAssert: Assert = { equal, deepEqual };
