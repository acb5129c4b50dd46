// The one entry of every npm script: sees to the dependencies, then hands on. Builtins only, as it runs before the first install.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, root } from './ensure.mjs';
import { whenNpmEnds } from './npm-parent.mjs';

const commands = {
  // Where the user stands: `--data` may name a folder from there.
  start: { built: true, cwd: process.env.INIT_CWD, run: (args) => [join(root, 'dist', 'node', 'gnet.js'), 'up', ...args] },
  build: { built: true },
  ok: { run: (args) => ['--import', 'tsx', 'tools/gate.ts', ...args] },
  test: { run: (args) => ['--import', 'tsx', 'tools/gate.ts', '--all', ...args] },
  lock: { run: () => ['--import', 'tsx', 'tools/check-lock.ts'] },
  fix: { run: (args) => ['node_modules/@biomejs/biome/bin/biome', 'check', '--write', ...args] },
  bench: { run: (args) => ['--expose-gc', '--import', 'tsx', 'tools/bench.ts', ...args] },
  'bench:tor': { run: (args) => ['--import', 'tsx', 'bench/tor/run.ts', ...args] },
};

const [major, minor] = process.versions.node.split('.').map(Number);
const [name = '', ...args] = process.argv.slice(2);
const command = commands[name];
if (major < 20 || (major === 20 && minor < 19)) fail(`Node ${process.versions.node} is too old: install Node 20.19 or newer`);
if (command === undefined) fail(`no command "${name}": wanted one of ${Object.keys(commands).join(', ')}`);

try {
  await ensureInstalled();
  if (command.built) await ensureBuilt();
} catch (error) {
  fail(error.message);
}
if (command.run !== undefined) {
  const stdio = ['inherit', 'inherit', 'inherit'];
  // The channel carries nothing: it closes when this process ends, however it does, and `gnet up` then ends too.
  if (name === 'start') stdio.push('ipc');
  const child = spawn(process.execPath, command.run(args), { cwd: command.cwd ?? root, stdio });
  // Ctrl-C reaches the child by itself; a signal sent to this process alone has to be passed on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => signal !== 'SIGINT' && child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
  whenNpmEnds(() => child.kill('SIGTERM'));
}

function fail(message) {
  console.error(`gnet: ${message}`);
  process.exit(1);
}
