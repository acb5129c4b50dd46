import { type ExitTarget, isHostName } from '../../src/core/wire/exit.ts';
import { isPublicIp } from '../../src/core/wire/public-ip.ts';
import { ipBytes } from '../ip.ts';
import { REPLY, type ProxyTarget } from '../proxy/index.ts';

/** Names that mean something on this machine or in another network, never in the clear one: an exit would only learn them. */
const NOT_CLEAR = /(?:^|\.)(?:localhost|local|internal|home\.arpa|onion|i2p|gnet)$/;

/** What an exit can be asked for, or the reply to who asks for anything else. No name is looked up. */
export function clearTarget({ host, port }: ProxyTarget): ExitTarget | typeof REPLY.notAllowed | typeof REPLY.hostUnreachable {
  const ip = ipBytes(host); // some programs send addresses as names
  if (ip !== undefined) return isPublicIp(ip) ? { host: ip, port } : REPLY.notAllowed;
  const name = host.toLowerCase().replace(/\.$/, '');
  if (!isHostName(name)) return REPLY.hostUnreachable;
  return NOT_CLEAR.test(name) ? REPLY.notAllowed : { host: name, port };
}
