/** One type program per runtime, side by side: tsconfig.json is core's, tsconfig.<runtime>.json the others'. */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './paths.ts';

export async function checkTypes(): Promise<string[]> {
  const programs = readdirSync(root).filter((name) => /^tsconfig(\.\w+)?\.json$/.test(name) && name !== 'tsconfig.base.json');
  const outcomes = await Promise.all(programs.map(typeCheck));
  return outcomes.flat();
}

function typeCheck(program: string): Promise<string[]> {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [tsc, '-p', program, '--pretty', 'false'], { cwd: root });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk));
    child.on('error', reject);
    child.on('close', (code) =>
      resolve(
        code === 0
          ? []
          : output
              .trim()
              .split('\n')
              .map((line) => `${program}: ${line}`),
      ),
    );
  });
}
