import type { Server, Socket } from 'node:net';
import { isOutOfFiles } from '../open-files.ts';

/**
 * Who is connected to a local port. One more than there is room for takes the place of who has been silent for longest; where none is
 * silent it is turned away. Either is said.
 */
export class Clients {
  readonly #open = new Set<Socket>();
  /** They have not said yet what they want; who came first is first. */
  readonly #silent = new Set<Socket>();

  /** @param warn told why somebody is turned away: the same words each time. */
  constructor(
    readonly max: number,
    private readonly warn: (why: string) => void,
  ) {}

  get open(): number {
    return this.#open.size;
  }

  /** False for one that was turned away. */
  add(socket: Socket): boolean {
    if (this.#open.size >= this.max && !this.#dropSilent()) {
      this.warn(`${this.max} connections are open at a time, and no more are taken: one was turned away`);
      socket.on('error', () => undefined).resetAndDestroy();
      return false;
    }
    this.#open.add(socket);
    socket.on('close', () => this.#forget(socket));
    return true;
  }

  /** Until `onHeard` it may have to make room. */
  onSilent(socket: Socket): void {
    this.#silent.add(socket);
  }

  onHeard(socket: Socket): void {
    this.#silent.delete(socket);
  }

  /** What goes wrong with a port that listens; without it one connection that the system cannot open would pass for a fault of ours. */
  watch(server: Server): void {
    server.on('error', ({ code }: NodeJS.ErrnoException) => {
      const why = isOutOfFiles(code) ? 'this process or machine has as many files open as it may (ulimit -n)' : code;
      this.warn(`a connection could not be taken: ${why}`);
    });
  }

  close(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #dropSilent(): boolean {
    const [oldest] = this.#silent;
    if (oldest === undefined) return false;
    this.warn(`${this.max} connections are open at a time: those that have said nothing for longest make room`);
    this.#forget(oldest);
    oldest.destroy();
    return true;
  }

  #forget(socket: Socket): void {
    this.#open.delete(socket);
    this.#silent.delete(socket);
  }
}
