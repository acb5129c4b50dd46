/** Runs test files with node:test, each in a process of its own where nothing else is asked for, and sums what came of them. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { filesUnder, root } from './paths.ts';

export interface TestSums {
  readonly passed: number;
  readonly failed: number;
}

export interface TestRun {
  /** Folders below tests/ each of whose files has a process of its own. */
  readonly folders: readonly string[];
  /** Folders below tests/ whose files share a process with those beside them: it takes over a second to start, more than most of them. */
  readonly together?: readonly string[];
  /** Files at a time. */
  readonly concurrency: number;
  /** For one whole file: a test that hangs must not hang the gate. */
  readonly fileTimeoutMs: number;
  readonly env?: NodeJS.ProcessEnv;
  /** Runs on what processor time others leave, and tells at the end: another run may print meanwhile. */
  readonly isBehind?: boolean;
}

export async function runTests({
  folders,
  together = [],
  concurrency,
  fileTimeoutMs,
  env = {},
  isBehind = false,
}: TestRun): Promise<TestSums> {
  const grouped = filesOf(together);
  const cache = join(root, '.cache', `tests.${process.pid}.${together.join('-')}`);
  mkdirSync(cache, { recursive: true });
  const groups = groupsOf(grouped, cache);
  const files = [...groups, ...filesOf(folders)];
  const sums = join(cache, 'sums.json');
  const args = [
    '--import',
    'tsx',
    '--import',
    './tools/end-when-tested.mjs',
    '--test',
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${fileTimeoutMs}`,
  ];
  args.push('--test-reporter=./tools/test-reporter.mjs', '--test-reporter-destination=stdout', ...files);
  const code = await runNode(args, { ...process.env, ...env, TEST_SUMS: sums }, isBehind);
  try {
    const { passed, failed, files: seen } = JSON.parse(readFileSync(sums, 'utf8')) as TestSums & { files: string[] };
    const empty = [...grouped, ...groups].filter((path) => !seen.includes(path));
    for (const path of empty) console.log(`  ${path}: the file holds no test, or the run ended before it`);
    return { passed, failed: Math.max(code === 0 ? 0 : 1, failed + empty.length) };
  } catch {
    console.log(`  the test runner ended with code ${code} before it summed up`);
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

function filesOf(folders: readonly string[]): string[] {
  return folders.flatMap((folder) => filesUnder(`tests/${folder}`)).filter((path) => path.endsWith('.test.ts'));
}

/**
 * A file for each folder, written to `place`, that imports all of the folder's. Its own test comes last: a module that awaits something lets the first
 * tests begin, and the process end, before the others are read.
 */
function groupsOf(files: readonly string[], place: string): string[] {
  return [...new Set(files.map(dirname))].map((folder) => {
    const group = join(place, `${folder.replaceAll('/', '-')}.test.mjs`);
    const imports = files.filter((path) => dirname(path) === folder).map((path) => `import '${pathToFileURL(join(root, path))}';\n`);
    writeFileSync(
      group,
      `import { test } from 'node:test';\n${imports.join('')}test('all files of ${folder} were read', () => undefined);\n`,
    );
    return relative(root, group);
  });
}

/** Answers the exit code. */
function runNode(args: readonly string[], env: NodeJS.ProcessEnv, isBehind: boolean): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', isBehind ? 'pipe' : 'inherit', 'inherit'], env });
    const output: Buffer[] = [];
    child.stdout?.on('data', (part: Buffer) => output.push(part));
    child.on('error', reject);
    child.on('close', (code) => {
      process.stdout.write(Buffer.concat(output));
      resolve(code);
    });
    // Before it has started any of its own, which inherit it.
    if (isBehind && child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  });
}
