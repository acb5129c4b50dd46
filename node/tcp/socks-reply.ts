import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { StreamReset } from '../../src/core/stream/index.ts';
import { END } from '../../src/core/wire/registry.ts';
import { REPLY, type SocksReply } from '../socks/index.ts';

type Refusal = Exclude<SocksReply, typeof REPLY.succeeded>;

/** What RFC 1928 § 6 calls this failure. */
export function replyOf(error: unknown): Refusal {
  if (error instanceof StreamReset) return replyOfReset(error);
  switch (error instanceof GlobalNetError ? error.kind : 'internal') {
    case 'malformed': // no address that anybody can have
    case 'unknown':
    case 'unserved':
      return REPLY.hostUnreachable;
    case 'unreachable':
      return REPLY.networkUnreachable;
    case 'timeout':
      return REPLY.ttlExpired;
    case 'refused':
      return REPLY.notAllowed;
    default:
      return REPLY.failure;
  }
}

function replyOfReset({ reason }: StreamReset): Refusal {
  switch (reason) {
    case END.refused: // a port that the service has not is closed, as far as the client is concerned
    case END.unreachable:
      return REPLY.refused;
    case END.timeout:
      return REPLY.ttlExpired;
    case END.sessionLost:
      return REPLY.hostUnreachable;
    default:
      return REPLY.failure;
  }
}
