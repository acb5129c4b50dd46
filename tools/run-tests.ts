/** Runs test files with node:test, each in a process of its own, and sums what came of them. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { filesUnder, root } from './paths.ts';

export interface TestSums {
  readonly passed: number;
  readonly failed: number;
}

export interface TestRun {
  /** Folders below tests/. */
  readonly folders: readonly string[];
  /** Files at a time. */
  readonly concurrency: number;
  /** For one whole file: a test that hangs must not hang the gate. */
  readonly fileTimeoutMs: number;
  readonly env?: NodeJS.ProcessEnv;
  /** Runs on what processor time others leave, and tells at the end: another run may print meanwhile. */
  readonly isBehind?: boolean;
}

export async function runTests({ folders, concurrency, fileTimeoutMs, env = {}, isBehind = false }: TestRun): Promise<TestSums> {
  const files = folders.flatMap((folder) => filesUnder(`tests/${folder}`)).filter((path) => path.endsWith('.test.ts'));
  if (files.length === 0) return { passed: 0, failed: 0 };
  const sums = join(root, '.cache', `test-sums.${process.pid}.json`);
  mkdirSync(join(root, '.cache'), { recursive: true });
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
    const { passed, failed } = JSON.parse(readFileSync(sums, 'utf8')) as TestSums;
    return { passed, failed: code === 0 ? failed : Math.max(1, failed) };
  } catch {
    console.log(`  the test runner ended with code ${code} before it summed up`);
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(sums, { force: true });
  }
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
