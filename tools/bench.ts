/**
 * `npm run bench [-- NAME…] [--json FILE]`: runs the benches whose name contains one of NAMEs (all but the slow, when none is given), each in
 * a process of its own and for a minute at most, or ten when it is slow, and prints a table. FILE gets { name: { value, unit, versus?, ratio? } }; its first entry, `machine`, says where and how it was run.
 */
import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Measure } from '../bench/harness.ts';
import { filesUnder, root } from './paths.ts';

const { values, positionals } = parseArgs({ options: { json: { type: 'string' } }, allowPositionals: true });

const WITHIN_MS = 60_000;
const SLOW_WITHIN_MS = 600_000;

const isSlow = (path: string): boolean => path.endsWith('.slow.bench.ts');

function machine(): Measure {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`;
  const command = ['npm run bench', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' ');
  return {
    value: cpus().length,
    unit: `cores: ${model}, ${memory}, ${process.platform} ${process.arch}, Node ${process.versions.node}; ${command}`,
  };
}

/** Resolves with whether it came to its end, in time. */
function runBench(path: string, take: (name: string, measure: Measure) => void): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = fork(join(root, 'tools', 'run-bench.ts'), [path], { cwd: root, execArgv: process.execArgv });
    // What it started ends with it: each child sees its channel close, a browser its pipe.
    const withinMs = isSlow(path) ? SLOW_WITHIN_MS : WITHIN_MS;
    const bound = setTimeout(() => {
      console.log(`  not done within ${withinMs / 1000} s: ended`);
      child.kill('SIGKILL');
    }, withinMs);
    child.on('message', ([name, measure]: [string, Measure]) => take(name, measure));
    child.on('error', reject);
    child.on('exit', (code) => {
      clearTimeout(bound);
      resolve(code === 0);
    });
  });
}

function line(name: string, { value, unit, versus, ratio }: Measure): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 1 ? 2 : 4;
  const against = versus === undefined ? '' : `  ${(ratio ?? Number.NaN).toFixed(2)} × ${versus}`;
  return `  ${name.padEnd(56)} ${value.toFixed(digits).padStart(10)} ${unit}${against}`;
}

const benches = filesUnder('bench').filter((path) => path.endsWith('.bench.ts'));
const nameOf = (path: string): string => basename(path, '.bench.ts');
const chosen = benches.filter((path) =>
  positionals.length === 0 ? !isSlow(path) : positionals.some((part) => nameOf(path).includes(part)),
);
if (chosen.length === 0) {
  console.error(`no bench is named like ${positionals.join(' or ')}; there are: ${benches.map(nameOf).join(', ')}`);
  process.exit(1);
}
const measures: Record<string, Measure> = { machine: machine() };
console.log(`${measures['machine']?.value} ${measures['machine']?.unit}`);
for (const path of chosen) {
  console.log(`\n${nameOf(path)}  (load ${(loadavg()[0] as number).toFixed(1)})`);
  const ended = await runBench(path, (name, measure) => {
    measures[name === '' ? nameOf(path) : `${nameOf(path)}: ${name.trim()}`] = measure;
    console.log(line(name || nameOf(path), measure));
  });
  if (ended) continue;
  console.log(`  ${nameOf(path)} failed, see above`);
  process.exitCode = 1;
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(measures, null, 2)}\n`);
