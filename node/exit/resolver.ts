import { Resolver as DnsResolver } from 'node:dns/promises';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { ipBytes } from '../ip.ts';
import { RESOLVE_TIMEOUT_MS, RESOLVE_TRIES } from './constants.ts';

/** All addresses of a name, IPv4 first; none where it has none. @throws GlobalNetError `timeout` when no name server answers. */
export type Resolve = (name: string) => Promise<readonly Uint8Array[]>;

/**
 * Asks name servers and nobody else: the machine's own list of hosts is not for strangers, and no search list is tried.
 * @param servers `ip` or `ip:port`; those of this machine when empty. @throws GlobalNetError `malformed`.
 */
export function dnsResolver(servers: readonly string[]): Resolve {
  const resolver = new DnsResolver({ timeout: RESOLVE_TIMEOUT_MS, tries: RESOLVE_TRIES });
  try {
    if (servers.length > 0) resolver.setServers(servers);
  } catch {
    throw new GlobalNetError('malformed', `--resolver wants an IP address, or ip:port, of a name server, not '${servers.join(' ')}'`);
  }
  return async (name) => {
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    const isSilent = answers.every((answer) => answer.status === 'rejected' && isNoAnswer(answer.reason));
    if (isSilent) throw new GlobalNetError('timeout', 'no name server answers');
    return found.flatMap((text) => ipBytes(text) ?? []);
  };
}

function isNoAnswer(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ETIMEOUT' || code === 'ECONNREFUSED' || code === 'ESERVFAIL';
}
