import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { StreamReset } from '../../src/core/stream/index.ts';
import { END } from '../../src/core/wire/registry.ts';
import { REPLY, type ProxyReply } from '../proxy/index.ts';

type Refusal = Exclude<ProxyReply, typeof REPLY.succeeded>;

/** What RFC 1928 § 6 calls this failure of a connection to a service. */
export function serviceReplyOf(error: unknown): Refusal {
  if (!(error instanceof StreamReset)) return replyOf(error);
  switch (error.reason) {
    case END.refused: // a port that the service has not is closed, as far as the client is concerned
    case END.unreachable:
    case END.portClosed:
      return REPLY.refused;
    case END.sessionLost:
      return REPLY.hostUnreachable;
    default:
      return replyOf(error);
  }
}

/** The same of a connection through an exit. */
export function exitReplyOf(error: unknown): Refusal {
  if (!(error instanceof StreamReset)) return replyOf(error);
  switch (error.reason) {
    case END.refused:
      return REPLY.notAllowed;
    case END.unresolvable:
    case END.unreachable:
      return REPLY.hostUnreachable;
    case END.portClosed:
      return REPLY.refused;
    default:
      return replyOf(error);
  }
}

function replyOf(error: unknown): Refusal {
  if (error instanceof StreamReset) return error.reason === END.timeout ? REPLY.ttlExpired : REPLY.failure;
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
