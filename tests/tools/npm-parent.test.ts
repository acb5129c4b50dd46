import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { join } from 'node:path';
import { root } from '../../tools/paths.ts';

/** What npm starts: says its pid, and whether it has seen its npm end. Leaves in any case, so that a failed test leaves nothing behind. */
const STARTED = `import(${JSON.stringify(join(root, 'tools', 'npm-parent.mjs'))}).then(({ whenNpmEnds }) => {
  whenNpmEnds(() => { console.log('ended'); process.exit(); });
  console.log('started');
  setTimeout(() => process.exit(), 20000);
});`;
/** As npm: starts it by a shell, which stays when \`; true\` is behind it and else may become the program. */
const npm = (behind: string): string =>
  `require('node:child_process').spawn('sh', ['-c', '"$NODE" -e "$STARTED"${behind}'], { stdio: 'inherit' })`;

for (const [what, behind] of [
  ['the shell between them lives on', '; true'],
  ['there is no shell between them', ''],
] as const) {
  test(`what npm has started ends when npm is killed: ${what}`, async () => {
    const env = { ...process.env, NODE: process.execPath, STARTED, npm_lifecycle_event: 'start' };
    const started = spawn(process.execPath, ['-e', npm(behind)], { stdio: ['ignore', 'pipe', 'inherit'], env });
    const lines: string[] = [];
    for await (const line of createInterface({ input: started.stdout })) {
      lines.push(line);
      if (line === 'started') started.kill('SIGKILL');
    }
    assert.deepEqual(lines, ['started', 'ended']);
  });
}
