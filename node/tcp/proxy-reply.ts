import { type ErrorKind, GlobalNetError } from '../../src/core/bytes/errors.ts';
import { StreamReset } from '../../src/core/stream/index.ts';
import { END, type EndReason } from '../../src/core/wire/registry.ts';
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

const SERVICE_IN_WORDS: Partial<Record<EndReason, string>> = {
  [END.refused]:
    'A program asked a service for a port that it does not have. (What gnet seed publishes has none: gnet open and the app read it.)',
  [END.portClosed]: 'A program asked for a service that is there, with nobody listening behind it: its owner has to start what he exposes.',
  [END.unreachable]: 'A program asked for a service that is there, and what is behind it cannot be reached.',
  [END.timeout]: 'A program asked for a service that is there, and what is behind it does not answer.',
  [END.full]: 'A program asked for a service that has as many connections as it takes.',
};

/** Where no stream came to be. */
const NO_SERVICE_IN_WORDS: Partial<Record<ErrorKind, string>> = {
  malformed: 'A program asked for a name that ends in .gnet and is no address.',
  unknown: 'A program asked for an address at which nothing was found.',
  unserved: 'A program asked for a service that nobody serves now.',
  timeout: 'A program asked for a service from which no answer came in time.',
};

/** Why there is no connection to a service, for the proxy's user; undefined where that is no news. Does not say which. */
export function serviceFailureInWords(error: unknown): string | undefined {
  if (error instanceof StreamReset) return SERVICE_IN_WORDS[error.reason];
  return error instanceof GlobalNetError ? NO_SERVICE_IN_WORDS[error.kind] : undefined;
}

const EXIT_IN_WORDS: Partial<Record<EndReason, string>> = {
  [END.refused]: 'A program asked for something outside of .gnet that no exit opens: by its policy, or because it is a private address.',
  [END.unresolvable]: 'A program asked for a name outside of .gnet for which its exit finds no address.',
  [END.unreachable]: 'A program asked for a host outside of .gnet to which its exit finds no way.',
  [END.portClosed]: 'A program asked for a host outside of .gnet where nobody listens at that port.',
  [END.timeout]: 'A program asked for a host outside of .gnet that does not answer its exit.',
  [END.full]: 'A program’s exit has as many connections as it takes.',
};

/** The same of a connection through an exit; that there is none is told elsewhere. */
export function exitFailureInWords(error: unknown): string | undefined {
  return error instanceof StreamReset ? EXIT_IN_WORDS[error.reason] : undefined;
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
