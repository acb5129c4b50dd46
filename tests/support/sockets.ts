import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** All that comes until the other side's end; ours stays open. */
export async function all(socket: Socket): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of socket.iterator({ destroyOnReturn: false })) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** Answers when it has heard the end. */
export function echo(socket: Socket): void {
  void all(socket).then(
    (heard) => socket.end(heard),
    () => undefined,
  );
}

/** A service of loopback. */
export interface Target {
  readonly port: number;
  /** So many it has had. */
  connections: number;
  close(): void;
}

/** Does this with each connection; undefined: nobody listens at its port. */
export async function startTarget(serve: ((socket: Socket) => void) | undefined): Promise<Target> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    target.connections++;
    socket.on('error', () => undefined);
    serve?.(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  if (serve === undefined) server.close();
  const target: Target = { port, connections: 0, close: () => void server.close() };
  return target;
}

/** Sends so many blocks to who connects, as fast as they are taken, and ends. */
export class Sender {
  written = 0;

  constructor(
    readonly block: Buffer,
    readonly blocks: number,
  ) {}

  readonly serve = (socket: Socket): void => {
    while (this.written < this.blocks) {
      this.written++;
      if (!socket.write(this.block)) return void socket.once('drain', () => this.serve(socket));
    }
    socket.end();
  };

  /** Resolves when nothing more has been taken for so long. */
  async stopped(stillMs: number): Promise<void> {
    for (let before = -1; this.written !== before; ) {
      before = this.written;
      await wait(stillMs);
    }
  }
}
