/** Builds dist/: the app (vite.config.ts), then every other vite*.config.ts: vite.node.config.ts is the headless peer. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';
import { root } from './paths.ts';

/** The app comes first: its build may empty dist/. */
export function buildConfigs(): string[] {
  const configs = readdirSync(root).filter((name) => /^vite\..*config\.ts$/.test(name));
  return configs.sort((a, b) => Number(b === 'vite.config.ts') - Number(a === 'vite.config.ts') || a.localeCompare(b));
}

rmSync(join(root, 'dist'), { recursive: true, force: true });
for (const config of buildConfigs()) {
  if (config === 'vite.config.ts' && !existsSync(join(root, 'index.html'))) continue;
  await build({ root, configFile: join(root, config), logLevel: 'warn' });
}
