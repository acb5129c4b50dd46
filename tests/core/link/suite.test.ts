import { describe } from 'node:test';
import { memoryPair } from '../../../src/adapters/memory-transport.ts';
import type { LinkSetup } from '../../support/link-suite.ts';
import { runLinkTests } from '../../support/run-link-tests.ts';
import { testEnv } from '../../support/test-env.ts';

function setup(options: { binding?: Uint8Array; bytesPerSecond?: number; delayMs?: number }): LinkSetup {
  const env = testEnv();
  return { env, pair: async () => memoryPair(env, options), step: () => env.advance(1) };
}

describe('links in one process', () => {
  runLinkTests('memory that protects its bytes', () => setup({ binding: new Uint8Array(32).fill(7), bytesPerSecond: 10e6, delayMs: 5 }));
  runLinkTests('memory that does not', () => setup({ bytesPerSecond: 10e6, delayMs: 5 }));
});
