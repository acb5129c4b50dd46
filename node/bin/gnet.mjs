#!/usr/bin/env node
// `npx gnet` in a fresh clone: installs and builds what is missing, then runs the built headless peer.
import { ensureBuilt, ensureInstalled } from '../../tools/ensure.mjs';
import { whenNpmEnds } from '../../tools/npm-parent.mjs';

try {
  await ensureInstalled();
  await ensureBuilt();
} catch (error) {
  console.error(`gnet: ${error.message}`);
  process.exit(1);
}
whenNpmEnds(() => process.kill(process.pid, 'SIGTERM'));
await import('../../dist/node/gnet.js');
