#!/usr/bin/env node
// `npx gnet` in a fresh clone: installs and builds what is missing, then runs the built headless peer.
import { ensureBuilt, ensureInstalled } from '../../tools/ensure.mjs';

try {
  await ensureInstalled();
  await ensureBuilt();
} catch (error) {
  console.error(`gnet: ${error.message}`);
  process.exit(1);
}
await import('../../dist/node/gnet.js');
