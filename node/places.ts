import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder, from the sources as from what was built of them. */
function projectFolder(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) throw new Error(`${start} is in no folder of the project: there is no package.json above it`);
  }
}

/** The built app, as the app host serves it. */
export const APP_FOLDER = join(projectFolder(), 'dist', 'app');
/** The headless peer as it is built, which runs without what builds it. */
export const PROGRAM = join(projectFolder(), 'dist', 'node', 'gnet.js');
/** The site that `gnet up` publishes. */
export const DEMO_FOLDER = join(projectFolder(), 'node', 'demo-site');

export function version(): string {
  return (JSON.parse(readFileSync(join(projectFolder(), 'package.json'), 'utf8')) as { version: string }).version;
}
