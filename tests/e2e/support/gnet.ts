/** Real `gnet` processes, as a user starts them; every one of them is ended by its pid, whatever a test does. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './until.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** A folder with a `dist` of its own, for whoever builds elsewhere. */
export const PROGRAM = join(process.env['BUILT_GNET'] ?? root, 'dist', 'node', 'gnet.js');

/** For `nodeArgs`: a machine whose clock is a day ahead; the processes that it starts inherit it. */
export const A_DAY_AHEAD = 'data:text/javascript,const now = Date.now; Date.now = () => now() + 86_400_000';

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export type Line = Record<string, unknown>;

export interface GnetOptions {
  /** Flags of Node itself, before the program. */
  readonly nodeArgs?: readonly string[];
  /** Instead of the `gnet` program. */
  readonly program?: string;
  /** As a terminal starts it: a process group of its own, which Ctrl-C reaches as a whole. */
  readonly terminal?: boolean;
  /** Files that it may have open, as `ulimit -n` says it. */
  readonly openFilesMax?: number;
}

/** A `gnet` command that runs. */
export class Gnet {
  stdout = '';
  stderr = '';
  exitCode: number | undefined;
  readonly #child: ChildProcess;

  constructor(args: readonly string[], { nodeArgs = [], program = PROGRAM, terminal = false, openFilesMax }: GnetOptions = {}) {
    const all = [...nodeArgs, program, ...args];
    const [file, fileArgs] =
      openFilesMax === undefined
        ? [process.execPath, all]
        : ['sh', ['-c', `ulimit -n ${openFilesMax} && exec "$0" "$@"`, process.execPath, ...all]];
    const child = spawn(file, fileArgs, { stdio: ['ignore', 'pipe', 'pipe'], detached: terminal });
    this.#child = child;
    running.add(child);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    child.on('close', (code) => {
      running.delete(child);
      this.exitCode = code ?? -1;
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** What it said with `--json`, a line each. */
  get lines(): Line[] {
    const whole = this.stdout.split('\n').slice(0, -1);
    return whole.map((line) => JSON.parse(line) as Line);
  }

  /** The first line with this field. */
  async line(field: string): Promise<Line> {
    return until(
      `'${field}' of gnet`,
      () => this.lines.find((line) => field in line) ?? (this.exitCode !== undefined && this.#fail(field)),
      {
        now: () => [this.stdout, this.stderr],
      },
    );
  }

  #fail(field: string): never {
    throw new Error(`gnet ended with ${this.exitCode} before it said '${field}': ${this.stdout}${this.stderr}`);
  }

  async ended(): Promise<number> {
    await until('the end of gnet', () => this.exitCode !== undefined, { now: () => [this.stdout, this.stderr] });
    return this.exitCode as number;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** As a terminal's Ctrl-C: to the whole process group. */
  pressCtrlC(): void {
    process.kill(-this.pid, 'SIGINT');
  }

  /** As a pipe whose reader has gone: `gnet … | head`. */
  stopReading(): void {
    this.#child.stdout?.destroy();
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.exitCode === undefined) this.signal(signal);
    await this.ended();
  }
}

/** Runs a command to its end. */
export async function gnet(args: readonly string[], options?: GnetOptions): Promise<Gnet> {
  const command = new Gnet(args, options);
  await command.ended();
  return command;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
