import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { MemoryRecords } from '../../src/adapters/memory-store.ts';
import { PackStore } from '../../src/core/packs/pack-store.ts';
import { MemoryChunks } from '../core/packs/support.ts';
import { testEnv } from './test-env.ts';

/** A folder that goes with its test. */
export function temporary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'gnet-folder-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What `packFolder` needs of whoever publishes a folder; nothing of it outlives the test. */
export function author() {
  const env = testEnv();
  const records = new MemoryRecords();
  const store = new PackStore({ env, records, chunks: new MemoryChunks() });
  return { env, records, store };
}
