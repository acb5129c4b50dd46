import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Builds the lying seeder as the headless peer is built, since its threads run as plain JavaScript only. @returns its path. */
export async function buildTamperingSeeder(): Promise<string> {
  // Within the project, where its packages are found.
  const outDir = join(root, '.cache', 'tampering-seeder');
  const input = { 'tampering-seeder': join(root, 'tests', 'e2e', 'support', 'tampering-seeder.ts') };
  await build({
    root,
    configFile: join(root, 'vite.node.config.ts'),
    logLevel: 'error',
    build: { outDir, emptyOutDir: true, rollupOptions: { input } },
  });
  return join(outDir, 'tampering-seeder.js');
}
