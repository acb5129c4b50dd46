import type { Socket } from 'node:net';
import { EMPTY } from '../../src/core/bytes/bytes.ts';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';

/** A socket's bytes, taken when they are wanted: what nobody takes stays in the kernel, and the sender's window closes. */
export class SocketBytes {
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(readonly socket: Socket) {
    const ring = (): void => this.#wake?.();
    socket.on('readable', ring);
    socket.on('end', () => {
      this.#ended = true;
      ring();
    });
    socket.on('error', (error) => {
      this.#failure = error;
      ring();
    });
    socket.on('close', ring);
  }

  /** The next bytes; undefined at the other side's end. One reader at a time. @throws GlobalNetError `closed`. */
  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const bytes = this.#take();
      if (bytes !== undefined) return bytes;
      if (this.#ended) return undefined;
      this.#check();
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** What comes within `withinMs`, without waiting for an end. */
  async readWithin(withinMs: number): Promise<Uint8Array> {
    const here = this.#take();
    if (here !== undefined) return here;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, withinMs);
    });
    clearTimeout(timer);
    return this.#take() ?? EMPTY;
  }

  #take(): Uint8Array | undefined {
    const bytes = this.socket.read() as Buffer | null;
    return bytes === null ? undefined : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Resolves when the socket takes more. @throws GlobalNetError `closed`. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#check();
    if (this.socket.write(bytes)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.socket.off('drain', done).off('close', done);
        resolve();
      };
      this.socket.on('drain', done).on('close', done);
    });
    this.#check();
  }

  #check(): void {
    if (this.#failure !== undefined) throw new GlobalNetError('closed', 'the connection broke off', { cause: this.#failure });
    if (this.socket.destroyed) throw new GlobalNetError('closed', 'the connection was closed');
  }
}
