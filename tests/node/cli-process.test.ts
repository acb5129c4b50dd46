/** The `gnet` program as processes: what it says and how it ends. Networks of several are walked end to end elsewhere. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { buildGnet } from '../support/build-gnet.ts';

let program: string;
/** Says its child's pid and what it says, as `gnet up` leashes its relays. */
const PARENT = `const [program, ...args] = process.argv.slice(1);
const child = require('node:child_process').spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
console.log(JSON.stringify({ child: child.pid }));
setInterval(() => {}, 1000);`;

/** Runs the program it is given, then makes objects of which some live for long, and says how large the young generation has become. */
const CHURN = `import { getHeapSpaceStatistics } from 'node:v8';
process.on('exit', () => {
  for (let i = 0, kept = []; i < 3e6; i++) kept.length > 2e5 ? (kept = []) : kept.push({ i });
  console.log(getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size);
});
const [, program] = process.argv;
process.argv.push('version');
await import(program);`;

let folder: string;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gnet-cli-'));
  program = await buildGnet('cli-process');
});
after(() => rmSync(folder, { recursive: true, force: true }));

class Run {
  stdout = '';
  stderr = '';
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;

  constructor(args: readonly string[], nodeArgs: readonly string[] = [], env: Record<string, string> = {}, input?: string) {
    this.process = spawn(process.execPath, [...nodeArgs, ...args], {
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, GNET_DATA: folder, ...env },
    });
    this.process.stdin?.end(input);
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = new Promise((resolve) => this.process.on('close', resolve));
  }

  async says(words: RegExp): Promise<RegExpExecArray> {
    let found: RegExpExecArray | null = null;
    await until(() => {
      found = words.exec(this.stdout + this.stderr);
      if (found === null && this.process.exitCode !== null) throw new Error(`ended before it said ${words}: ${this.stdout}${this.stderr}`);
      return found !== null;
    });
    return found as unknown as RegExpExecArray;
  }
}

const gnet = (...args: string[]): Run => new Run([program, ...args]);
const RELAY = ['relay', '--listen', '127.0.0.1:0', '--no-webrtc'];

it('keeps the young generation small, whoever starts it', { timeout: 60_000 }, async () => {
  const run = new Run(['--input-type=module', '--eval', CHURN, program]);
  assert.equal(await run.ended, 0);
  const [version, youngBytes] = run.stdout.trim().split('\n');
  assert.match(String(version), /^gnet /);
  assert.ok(Number(youngBytes) > 0 && Number(youngBytes) <= 4 * 1024 * 1024, run.stdout);
});

describe('the gnet program', { concurrency: 2, timeout: 60_000 }, () => {
  for (const [args, exitCode, out, err] of [
    [[], 2, /^gnet <command>/, /^$/],
    [['help', 'seed'], 0, /^gnet seed <folder>\n/, /^$/],
    [['help', '--json'], 0, /^\{"commands":\[\{"name":"up","usage":"[^"]*","summary":"[^\n]*\}\]\}\n$/, /^$/],
    [['seed', '--help', '--json'], 0, /^\{"usage":"gnet seed <folder>","summary":[^\n]*"name":"help","short":"h"[^\n]*\}\n$/, /^$/],
    [['--version', '--json'], 0, /^\{"version":"\d+\.\d+\.\d+"\}\n$/, /^$/],
    [['fly'], 2, /^$/, /^gnet: there is no command 'fly'; 'gnet help' lists them\n$/],
    [['--json', 'status'], 2, /^\{"error":\{"kind":"malformed","message":"a command comes before its flags/, /^$/],
    [['open', 'abc.gnet', '--json'], 2, /^\{"error":\{"kind":"malformed","message":[^\n]*\}\}\n$/, /^$/],
  ] as const) {
    it(`gnet ${args.join(' ')}: ends with ${exitCode} and says why`, async () => {
      const run = gnet(...args);
      assert.equal(await run.ended, exitCode, run.stderr);
      assert.match(run.stdout, out);
      assert.match(run.stderr, err);
    });
  }

  it('gnet shell runs the commands that a pipe brings, and ends with the code of the last that failed', async () => {
    const run = new Run(
      [program, 'shell', '--json', '--data', join(folder, 'none')],
      [],
      {},
      'status\nfly\nopen "abc\nversion\nshell\nopen abc.gnet\nexit\nfly\n',
    );
    assert.equal(await run.ended, 2);
    const [fly, quote, version, shell, open, ...rest] = run.stdout.trimEnd().split('\n');
    assert.match(String(fly), /^\{"error":\{"kind":"malformed","message":"there is no command 'fly'/);
    assert.match(String(quote), /has no end/);
    assert.match(String(version), /^\{"version":"\d/);
    assert.match(String(shell), /quit leaves it/);
    assert.match(String(open), /56 letters and digits/);
    assert.deepEqual(rest, []);
  });

  it('what a shell runs ends with it, however it ends', async () => {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const run = new Run([program, 'shell', '--json'], [], {}, `${RELAY.join(' ')} --name in-shell\n`);
      const [, pid] = await run.says(/"pid":(\d+)/);
      run.process.kill(signal);
      await run.ended;
      await until(() => !isAlive(Number(pid)));
    }
  });

  it('does as file and environment say, and a relay of gnet up as its flags say alone', async () => {
    const path = join(folder, 'gnet.conf');
    writeFileSync(path, '[relay]\nlisten = 127.0.0.2:0\nname = from-file\nno-webrtc = yes\n');
    const env = { GNET_CONFIG: path, GNET_RELAY_LISTEN: '127.0.0.3:0', GNET_JSON: 'yes' };
    const run = new Run([program, 'relay'], [], env);
    await run.says(/"listens":"ws:\/\/127\.0\.0\.3:\d+"/);
    assert.ok(existsSync(join(folder, 'peers', 'from-file', 'lock')));
    run.process.kill('SIGTERM');
    assert.equal(await run.ended, 0);
    const leashed = new Run([program, 'relay', '--leashed', '--data', folder], [], env);
    assert.equal(await leashed.ended, 2);
    assert.match(leashed.stderr, /^gnet: --listen wants an IPv4 address/);
  });

  it('says that it relays, one object a line, and leaves nothing behind at SIGTERM', async () => {
    const run = gnet(...RELAY, '--name', 'ends', '--json');
    await run.says(/"listens":"ws:\/\/127\.0\.0\.1:\d+"/);
    const socket = join(folder, 'run', `${run.process.pid}.sock`);
    assert.ok(existsSync(socket));
    run.process.kill('SIGTERM');
    assert.equal(await run.ended, 0, run.stderr);
    assert.equal(run.stdout.split('\n').filter((line) => line !== '' && JSON.parse(line)).length, 1);
    assert.equal(run.stderr, '');
    assert.ok(!existsSync(socket));
    assert.ok(!existsSync(join(folder, 'peers', 'ends', 'lock')));
  });

  it('leaves nothing of a site that is not there', async () => {
    const run = gnet('seed', join(folder, 'tpyo'), '--name', 'tpyo', '--join', 'ws://127.0.0.1:9');
    assert.equal(await run.ended, 2);
    assert.match(run.stderr, /^gnet: there is no folder .*tpyo\n$/);
    assert.ok(!existsSync(join(folder, 'peers', 'tpyo')));
  });

  it('refuses a second process of one name, whatever its command, and says which has it', async () => {
    const first = gnet(...RELAY, '--name', 'taken');
    await first.says(/listens at/);
    for (const args of [RELAY, ['proxy']]) {
      const second = gnet(...args, '--name', 'taken', '--join', 'ws://127.0.0.1:9');
      assert.equal(await second.ended, 1);
      assert.match(
        second.stderr,
        new RegExp(`^gnet: .*taken is in use by process ${first.process.pid}: stop it, or take another folder with --name`),
      );
      assert.equal(second.stdout, '');
    }
    first.process.kill('SIGTERM');
    assert.equal(await first.ended, 0);
  });

  it('says that it has not joined, why, and that it goes on trying', async () => {
    const run = gnet(...RELAY, '--name', 'alone', '--join', 'ws://127.0.0.1:9');
    await run.says(/Not joined: no bootstrap answers \(ws:\/\/127\.0\.0\.1:9\): nobody listens there\. It goes on trying\./);
    run.process.kill('SIGINT');
    assert.equal(await run.ended, 0);
  });

  it('ends in order when the process that started it is killed', async () => {
    const parent = new Run(['-e', PARENT, process.execPath, program, ...RELAY, '--name', 'leashed', '--json', '--leashed']);
    const child = Number((await parent.says(/"child":(\d+)/))[1]);
    await parent.says(/"listens"/);
    parent.process.kill('SIGKILL');
    await parent.ended; // the child holds its output open until it ends
    await until(() => !isAlive(child));
    assert.ok(!existsSync(join(folder, 'peers', 'leashed', 'lock')));
  });

  it('goes on after a failure that nobody caught of one connection, and says it', async () => {
    const run = new Run(
      [program, ...RELAY, '--name', 'faults'],
      atSignal(`Promise.reject(new Error('one circuit'));
      throw Object.assign(new Error('one socket'), { syscall: 'read' });`),
    );
    await run.says(/listens at/);
    run.process.kill('SIGUSR2');
    await run.says(/nobody listened for this: Error: one socket/);
    await run.says(/nobody waited for this to fail: Error: one circuit/);
    run.process.kill('SIGTERM');
    assert.equal(await run.ended, 0);
  });

  it('ends in order, and says so, after a fault that may have left things half done', async () => {
    const run = new Run([program, ...RELAY, '--name', 'broken'], atSignal(`throw new Error('a bug');`));
    await run.says(/listens at/);
    run.process.kill('SIGUSR2');
    await run.says(/a fault in GlobalNet; ending: Error: a bug/);
    assert.equal(await run.ended, 1);
    assert.ok(!existsSync(join(folder, 'peers', 'broken', 'lock')));
  });
});

/** Flags of Node for a program that does this when it is told to. */
function atSignal(code: string): string[] {
  return ['--import', `data:text/javascript,${encodeURIComponent(`process.on('SIGUSR2', () => { ${code} })`)}`];
}

async function until(look: () => boolean): Promise<void> {
  while (!look()) await new Promise((resolve) => setTimeout(resolve, 20));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
