import type { Server } from 'node:net';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';

/** The port it listens at. @param advice what to do when it cannot. @throws GlobalNetError `busy` | `refused`. */
export function listen(server: Server, { host, port }: { host: string; port: number }, advice: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      const inUse = error.code === 'EADDRINUSE';
      const why = inUse ? 'is in use by another program' : `cannot be listened at (${error.code})`;
      reject(new GlobalNetError(inUse ? 'busy' : 'refused', `${host}:${port} ${why}: ${advice}`, { cause: error }));
    };
    server.once('error', failed);
    server.listen({ host, port }, () => {
      server.off('error', failed);
      resolve((server.address() as { port: number }).port);
    });
  });
}
