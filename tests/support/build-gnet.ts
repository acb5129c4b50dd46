import { join } from 'node:path';
import { build } from 'vite';
import { root } from '../../tools/paths.ts';

/**
 * Builds the `gnet` program as users run it: in a second, once, where each process that tsx runs from the sources takes one and a half to start.
 * @param name of the folder: one for each test file, since they run at once. @returns its path.
 */
export async function buildGnet(name: string): Promise<string> {
  // Within the project, where its packages are found.
  const outDir = join(root, '.cache', name);
  await build({ root, configFile: join(root, 'vite.node.config.ts'), logLevel: 'error', build: { outDir, emptyOutDir: true } });
  return join(outDir, 'gnet.js');
}
