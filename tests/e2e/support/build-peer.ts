import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Builds a hostile peer of this folder as the headless peer is built, since its threads run as plain JavaScript only. @returns its path. */
export async function buildPeer(name: 'tampering-seeder' | 'flooding-peer'): Promise<string> {
  // Within the project, where its packages are found.
  const outDir = join(root, '.cache', name);
  const input = { [name]: join(root, 'tests', 'e2e', 'support', `${name}.ts`) };
  await build({
    root,
    configFile: join(root, 'vite.node.config.ts'),
    logLevel: 'error',
    build: { outDir, emptyOutDir: true, rollupOptions: { input } },
  });
  return join(outDir, `${name}.js`);
}
