/** What a visitor must fetch before the first link: the shell and the worker it starts, gzipped, against a budget. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { filesUnder, root } from './paths.ts';

/** On a slow mobile line (1.6 Mbit/s) 150 KB take 0.75 s: less than the joining that follows. */
export const SHELL_BUDGET_BYTES = 150 * 1024;

interface ManifestChunk {
  readonly file: string;
  readonly isEntry?: boolean;
  readonly imports?: readonly string[];
  readonly css?: readonly string[];
  readonly assets?: readonly string[];
}

export interface SizedFile {
  readonly path: string;
  readonly gzipBytes: number;
}

export function checkSize(): string[] {
  if (!existsSync(join(root, 'index.html'))) return [];
  const build = spawnSync(process.execPath, [join(root, 'tools', 'run.mjs'), 'build'], { cwd: root, encoding: 'utf8' });
  if (build.status !== 0) return [`${build.stdout}${build.stderr}`.trim()];
  const manifest = filesUnder('dist').find((path) => path.endsWith('.vite/manifest.json') && !path.startsWith('dist/node/'));
  if (manifest === undefined) return ['the build of the app left no .vite/manifest.json in dist/: set build.manifest in vite.config.ts'];
  const folder = join(root, manifest.slice(0, -'.vite/manifest.json'.length));
  const files = shellFiles(JSON.parse(readFileSync(join(root, manifest), 'utf8')), folder);
  const problem = overBudget(files, SHELL_BUDGET_BYTES);
  if (problem === undefined) console.log(`  ${sizeLine(files)}`);
  return problem === undefined ? [] : [problem];
}

/** The page, its entry with all it imports at once, and the workers that those start. What is imported later, on demand, is not the shell. */
export function shellFiles(manifest: Record<string, ManifestChunk>, folder: string): SizedFile[] {
  const wanted = new Set<string>(['index.html']);
  const visit = (chunk: ManifestChunk | undefined): void => {
    if (chunk === undefined || wanted.has(chunk.file)) return;
    wanted.add(chunk.file);
    for (const style of chunk.css ?? []) wanted.add(style);
    for (const asset of chunk.assets ?? []) if (/\.m?js$/.test(asset)) wanted.add(asset);
    for (const key of chunk.imports ?? []) visit(manifest[key]);
  };
  visit(manifest['index.html']);
  const named = (): string =>
    [...wanted]
      .filter((path) => /\.m?js$/.test(path))
      .map((path) => readFileSync(join(folder, path), 'utf8'))
      .join('\n');
  // Bundlers name a worker's file only inside the script that starts it.
  const workers = filesUnder('.', folder)
    .map((path) => path.slice(2))
    .filter((path) => /worker[\w.-]*\.m?js$/i.test(path));
  const code = named();
  for (const path of workers) if (code.includes(path.split('/').at(-1) as string)) wanted.add(path);
  return [...wanted]
    .filter((path) => existsSync(join(folder, path)))
    .map((path) => ({ path, gzipBytes: gzipSync(readFileSync(join(folder, path)), { level: 9 }).length }))
    .sort((a, b) => b.gzipBytes - a.gzipBytes);
}

export function overBudget(files: readonly SizedFile[], budgetBytes: number): string | undefined {
  const total = files.reduce((sum, file) => sum + file.gzipBytes, 0);
  if (total <= budgetBytes) return undefined;
  const lines = files.map(({ path, gzipBytes }) => `    ${kilobytes(gzipBytes).padStart(9)}  ${path}`);
  return (
    `the shell loads ${kilobytes(total)} before the first link, ${kilobytes(total - budgetBytes)} over the budget of ${kilobytes(budgetBytes)}:\n` +
    `${lines.join('\n')}\n  Move what is not needed to join behind a dynamic import(), or look for a package that came along unasked.`
  );
}

function sizeLine(files: readonly SizedFile[]): string {
  const total = files.reduce((sum, file) => sum + file.gzipBytes, 0);
  return `${kilobytes(total)} of ${kilobytes(SHELL_BUDGET_BYTES)} gzipped: ${files.map(({ path, gzipBytes }) => `${path} ${kilobytes(gzipBytes)}`).join(', ')}`;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KB`;
}
