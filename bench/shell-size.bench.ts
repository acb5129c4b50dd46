/** All that a visitor fetches before the first link, workers included, gzipped. */
import { join } from 'node:path';
import { SHELL_BUDGET_BYTES, shellFiles } from '../tools/check-size.ts';
import { ensureBuilt } from '../tools/ensure.mjs';
import { root } from '../tools/paths.ts';
import type { Bench } from './harness.ts';

const bench: Bench = async (report) => {
  await ensureBuilt();
  const files = shellFiles(join(root, 'dist', 'app'));
  const bytes = files.reduce((sum, { gzipBytes }) => sum + gzipBytes, 0);
  report('', { value: bytes / 1024, unit: 'KB gzipped', versus: 'the budget', ratio: bytes / SHELL_BUDGET_BYTES });
  for (const { path, gzipBytes } of files) report(path, { value: gzipBytes / 1024, unit: 'KB gzipped' });
};

export default bench;
