/** What a visitor must fetch before the first link: the shell and the worker it starts, gzipped, against a budget. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { filesUnder, root } from './paths.ts';

/** On a slow mobile line (1.6 Mbit/s) 150 KB take 0.75 s: less than the joining that follows. */
export const SHELL_BUDGET_BYTES = 150 * 1024;

export interface SizedFile {
  readonly path: string;
  readonly gzipBytes: number;
}

export function checkSize(): string[] {
  if (!existsSync(join(root, 'index.html'))) return [];
  const build = spawnSync(process.execPath, [join(root, 'tools', 'run.mjs'), 'build'], { cwd: root, encoding: 'utf8' });
  if (build.status !== 0) return [`${build.stdout}${build.stderr}`.trim()];
  const page = filesUnder('dist').find((path) => path.endsWith('/index.html'));
  if (page === undefined) return ['the build left no index.html in dist/'];
  const files = shellFiles(join(root, dirname(page)));
  const problem = overBudget(files, SHELL_BUDGET_BYTES);
  if (problem === undefined) console.log(`  ${sizeLine(files)}`);
  return problem === undefined ? [] : [problem];
}

/** What a script has fetched before its first line runs, and the workers it starts. `import()` is on demand: not the shell. */
const LOADS = /(?:\bfrom|\bimport)\s*["']([^"']+\.js)["']|new (?:Shared)?Worker\([^)]*?["'`]([^"'`]+\.js)["'`]/g;

/** The page, the scripts and styles that it names, and all that those load at once. `folder` is the app's root. */
export function shellFiles(folder: string): SizedFile[] {
  const found = new Map<string, SizedFile>();
  const visit = (path: string): void => {
    if (found.has(path) || !existsSync(join(folder, path))) return;
    const bytes = readFileSync(join(folder, path));
    found.set(path, { path, gzipBytes: gzipSync(bytes, { level: 9 }).length });
    if (!path.endsWith('.js')) return;
    for (const [, imported, worker] of bytes.toString('utf8').matchAll(LOADS)) visit(below(path, (imported ?? worker) as string));
  };
  visit('index.html');
  const html = readFileSync(join(folder, 'index.html'), 'utf8');
  for (const [, url] of html.matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)) visit(below('index.html', url as string));
  return [...found.values()].sort((a, b) => b.gzipBytes - a.gzipBytes);
}

/** A URL in the file at `path` as a path below the app's root. */
function below(path: string, url: string): string {
  return new URL(url, `file:///${path}`).pathname.slice(1);
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
