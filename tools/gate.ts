/**
 * `npm run ok`: all that a reviewer would check and that needs no browser. `npm test` (`--all`): the same, long tests, simulated networks, and
 * tests in real browsers. Every step runs even when one before it failed; the last line sums up.
 */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { ensureBrowsers } from './browser.ts';
import { checkImports } from './check-imports.ts';
import { checkLock } from './check-lock.ts';
import { checkPurity } from './check-purity.ts';
import { checkSize } from './check-size.ts';
import { checkSpec } from './check-spec.ts';
import { checkTree } from './check-tree.ts';
import { checkTypes } from './check-types.ts';
import { ensureNamespaces } from './namespace.ts';
import { filesUnder, root } from './paths.ts';
import { ensurePrograms } from './programs.ts';
import { runTests, type TestSums } from './run-tests.ts';

const all = process.argv.includes('--all');

interface Step {
  readonly name: string;
  /** Problems, a line each; none when all is well. Tests print their own and answer sums. */
  run(): string[] | TestSums | Promise<string[] | TestSums>;
}

/** Folders of tests/ by what their tests need: nothing but some processor time; a real clock; the same for long; browsers and whole networks; much processor time. */
const FOLDERS = {
  pure: ['core', 'adapters', 'reference'],
  timed: ['tools', 'node'],
  long: ['long'],
  real: ['browser', 'e2e'],
  simulated: ['sim'],
};

const TWO_LANES = { concurrency: 2, fileTimeoutMs: 240_000 };

const CHECKS: Step[] = [
  { name: 'types (one program per runtime)', run: checkTypes },
  { name: 'lint and format', run: lint },
  { name: 'imports', run: () => checkImports() },
  { name: 'core purity', run: () => checkPurity() },
  { name: 'spec tables', run: checkSpec },
  { name: 'lockfile', run: checkLock },
  { name: 'nothing of this machine in the tree', run: checkTree },
  { name: 'every test is run', run: checkTests },
  { name: 'size of the shell', run: checkSize },
  {
    name: 'tests without a browser',
    run: () =>
      all
        ? runTests({ folders: [...FOLDERS.long, ...FOLDERS.timed], ...TWO_LANES })
        : runTests({ together: FOLDERS.pure, folders: FOLDERS.timed, ...TWO_LANES }),
  },
];

const MORE_STEPS: Step[] = [
  {
    // What has no clock, or one of its own, takes the processor time that the real ones leave.
    name: 'tests in browsers, and pure and simulated ones',
    async run() {
      const behind = runTests({
        together: FOLDERS.pure,
        folders: FOLDERS.simulated,
        concurrency: 2,
        fileTimeoutMs: 840_000,
        isBehind: true,
      });
      const real = await realTests().catch((error: Error) => {
        console.log(`  ${error.message}`);
        return { passed: 0, failed: 1 };
      });
      const { passed, failed } = await behind;
      return { passed: passed + real.passed, failed: failed + real.failed };
    },
  },
];

/** One file at a time: each of them drives several tabs or processes, and two would fight for two cores. */
async function realTests(): Promise<TestSums> {
  const env = await installed;
  return runTests({ folders: FOLDERS.real, concurrency: 1, fileTimeoutMs: 300_000, env });
}

/** What tests of real programs need, one after the other: dpkg has one lock. */
async function installAll(): Promise<Record<string, string>> {
  const env = await ensureBrowsers();
  await ensureNamespaces();
  await ensurePrograms();
  return env;
}

function checkTests(): string[] {
  const known = Object.values(FOLDERS).flat();
  const files = filesUnder('tests').filter((path) => path.endsWith('.test.ts'));
  const missed = files.filter((path) => !known.some((folder) => path.startsWith(`tests/${folder}/`)));
  return missed.map((path) => `${path}: no step of tools/gate.ts runs the tests in ${dirname(path)}`);
}

function lint(): string[] {
  const biome = join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome');
  const { status, stdout, stderr } = spawnSync(process.execPath, [biome, 'check', '--colors=off', '--max-diagnostics=40'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status === 0) return [];
  return [...`${stdout}${stderr}`.trim().split('\n'), '`npm run fix` formats, and mends what can be mended by itself'];
}

async function runStep(step: Step): Promise<TestSums> {
  console.log(`▶ ${step.name}`);
  const startMs = performance.now();
  let sums: TestSums = { passed: 0, failed: 0 };
  try {
    const outcome = await step.run();
    if (Array.isArray(outcome)) {
      for (const problem of outcome) console.log(`  ${problem}`);
      sums = { passed: 0, failed: Math.min(1, outcome.length) };
    } else sums = outcome;
  } catch (error) {
    console.log(`  ${error instanceof Error ? error.message : String(error)}`);
    sums = { passed: 0, failed: 1 };
  }
  console.log(`${sums.failed === 0 ? '✓' : '✗ FAILED:'} ${step.name} (${((performance.now() - startMs) / 1000).toFixed(1)} s)`);
  return sums;
}

// Begun first and awaited where it is needed: packages come while the checks run.
const installed: Promise<Record<string, string>> = all ? installAll() : Promise.resolve({});
installed.catch(() => undefined);
const startMs = performance.now();
const failedSteps: string[] = [];
let passed = 0;
let failed = 0;
for (const step of all ? [...CHECKS, ...MORE_STEPS] : CHECKS) {
  const sums = await runStep(step);
  passed += sums.passed;
  failed += sums.failed;
  if (sums.failed > 0) failedSteps.push(step.name);
}
console.log(
  `\n${failedSteps.length === 0 ? 'all is well' : `failed: ${failedSteps.join('; ')}`} (${((performance.now() - startMs) / 1000).toFixed(0)} s)`,
);
// A failed check counts as one failed test.
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
