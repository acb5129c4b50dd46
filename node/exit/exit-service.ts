import { equal } from '../../src/core/bytes/bytes.ts';
import type { ExitService } from '../../src/core/peer/index.ts';
import type { SessionStream } from '../../src/core/stream/index.ts';
import type { ExitTarget } from '../../src/core/wire/exit.ts';
import { ipText } from '../../src/core/wire/peer-address.ts';
import { END, type EndReason } from '../../src/core/wire/registry.ts';
import { ipBytes } from '../ip.ts';
import { dial } from '../tcp/dial.ts';
import { ConnectionLimit } from '../tcp/expose.ts';
import { acceptAndJoin } from '../tcp/join.ts';
import { SocketBytes } from '../tcp/socket-bytes.ts';
import { EXIT_CONNECT_TIMEOUT_MS, EXIT_CONNECTIONS_MAX, EXIT_KEEP_ALIVE_MS } from './constants.ts';
import type { ExitJudge } from './judge.ts';

/**
 * Opens strangers' connections where the judge allows it. Nothing of where they go is said or kept.
 * @param onFull a connection was refused for want of room, and why: the same words each time.
 */
export function exitService(
  judge: ExitJudge,
  connectionsMax = EXIT_CONNECTIONS_MAX,
  onFull: (why: string) => void = () => undefined,
): ExitService {
  const limit = new ConnectionLimit(connectionsMax);
  return {
    get connections() {
      return limit.open;
    },
    onConnection(stream, target) {
      if (!limit.enter()) {
        onFull(`${connectionsMax} connections are open for others, and no more are taken: one was refused`);
        return stream.reset(END.full);
      }
      void serve(judge, stream, target).finally(() => limit.leave());
    },
  };
}

/** Never rejects. */
async function serve(judge: ExitJudge, stream: SessionStream, target: ExitTarget): Promise<void> {
  const verdict = await judge.judge(target);
  if ('refuse' in verdict) return stream.reset(verdict.refuse);
  const opened = await openFirst(verdict.open, target.port);
  if (!(opened instanceof SocketBytes)) return stream.reset(opened);
  opened.socket.setKeepAlive(true, EXIT_KEEP_ALIVE_MS);
  await acceptAndJoin(opened, stream);
}

/** To the first of these addresses that answers; else why the last one did not. */
async function openFirst(addresses: readonly Uint8Array[], port: number): Promise<SocketBytes | EndReason> {
  let failure: EndReason = END.unreachable;
  for (const ip of addresses) {
    const dialled = await dial(ipText(ip), port, EXIT_CONNECT_TIMEOUT_MS);
    if (!(dialled instanceof SocketBytes)) failure = dialled;
    else if (isConnectedTo(dialled, ip)) return dialled;
    else {
      dialled.socket.resetAndDestroy();
      failure = END.refused;
    }
  }
  return failure;
}

/** Whatever stands between may have led it elsewhere: what was judged is what must be there. */
function isConnectedTo({ socket }: SocketBytes, ip: Uint8Array): boolean {
  const there = ipBytes(socket.remoteAddress ?? '');
  return there !== undefined && equal(there, ip);
}
