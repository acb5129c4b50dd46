import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { GlobalNetError } from '../src/core/bytes/errors.ts';

/** A relay says goodbye to the directory and stores its keys; one that is killed before may not relay for ten minutes. */
const STOP_WITHIN_MS = 15_000;

/**
 * Relaying makes no objects to speak of, but a 64 KB buffer or two a message (`cipher.update` gives no choice), and V8 collects the whole heap
 * of 10 MB whenever 64 MB of them have gone by. With helper threads, which every process of the machine has, the relay waits until they
 * are scheduled: up to 240 ms on a busy machine.
 */
export const RELAY_NODE_FLAGS = ['--single-threaded-gc'];

/**
 * One arena of glibc's for all threads, which nearly all allocate nothing: with one for each, what a thread once freed stays with it. Read before
 * `main`, so only who starts a process can set it.
 */
export const RELAY_ENVIRONMENT = { MALLOC_ARENA_MAX: '1' };

/** A `gnet` command in a process of its own, read by its JSON lines. */
export class GnetChild {
  readonly #process: ChildProcess;
  readonly #lines: Record<string, unknown>[] = [];
  readonly #waiting = new Set<() => void>();
  #ended: string | undefined;

  constructor(
    readonly name: string,
    args: readonly string[],
    onEnd: (name: string, why: string) => void,
  ) {
    // The IPC channel is the leash: a child whose parent is gone, however it went, sees it close and stops.
    this.#process = spawn(
      process.execPath,
      [...RELAY_NODE_FLAGS, ...process.execArgv, process.argv[1] as string, ...args, '--json', '--leashed'],
      {
        stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
        env: { ...RELAY_ENVIRONMENT, ...process.env },
      },
    );
    createInterface({ input: this.#process.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      try {
        this.#lines.push(JSON.parse(line) as Record<string, unknown>);
      } catch {
        return; // not ours: a library's warning
      }
      this.#wake();
    });
    const ended = (why: string): void => {
      if (this.#ended !== undefined) return;
      this.#ended = why;
      this.#wake();
      onEnd(name, why);
    };
    this.#process.on('exit', (code, signal) => ended(signal ?? `exit code ${code}`));
    this.#process.on('error', ({ message }) => this.#process.pid === undefined && ended(message)); // it could not be started
  }

  /** A line that has come already. */
  has(field: string): boolean {
    return this.#lines.some((line) => field in line);
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** The first line that has this field. @throws GlobalNetError when the process ends before, with what it said. */
  line<Field extends string>(field: Field): Promise<Record<Field, unknown> & Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const error = this.#lines.find((line) => 'error' in line)?.['error'] as { message?: string } | undefined;
        const found = this.#lines.find((line) => field in line);
        if (found === undefined && this.#ended === undefined) return;
        this.#waiting.delete(look);
        if (found !== undefined) resolve(found as Record<Field, unknown> & Record<string, unknown>);
        else
          reject(
            new GlobalNetError('internal', `${this.name} stopped before it was ready (${this.#ended}): ${error?.message ?? 'see above'}`),
          );
      };
      this.#waiting.add(look);
      look();
    });
  }

  async stop(): Promise<void> {
    if (this.#ended !== undefined) return;
    const ended = new Promise<void>((resolve) => this.#process.once('exit', () => resolve()));
    this.#process.kill('SIGTERM');
    const hard = setTimeout(() => this.#process.kill('SIGKILL'), STOP_WITHIN_MS);
    await ended;
    clearTimeout(hard);
  }
}
