import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder, with a slash at its end. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** Files under `folder` (relative to `base`, and answered so), in order; none when the folder is not there. */
export function filesUnder(folder: string, base: string = root): string[] {
  if (!statSync(join(base, folder), { throwIfNoEntry: false })?.isDirectory()) return [];
  const names = readdirSync(join(base, folder)).sort();
  return names.flatMap((name) => {
    const path = `${folder}/${name}`;
    return statSync(join(base, path)).isDirectory() ? filesUnder(path, base) : [path];
  });
}
