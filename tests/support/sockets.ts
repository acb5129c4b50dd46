import type { Socket } from 'node:net';

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
