import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { ADDRESS_SUFFIX } from '../../src/core/wire/address.ts';
import { type ExitTarget, isHostName } from '../../src/core/wire/exit.ts';
import { ipBytes } from '../ip.ts';
import { portOf } from './tcp-target.ts';

/** `example.org:80`, `192.168.0.2:22` or `[2001:db8::1]:443`, in any case. Looks nothing up. @throws GlobalNetError `malformed`. */
export function exitTargetOf(text: string): ExitTarget {
  const found = /^(?:\[([^[\]]*)\]|([^:[\]]*)):(\d+)$/.exec(text.toLowerCase());
  const wrong = (why: string) => new GlobalNetError('malformed', `'${text}' ${why}`);
  if (found === null) throw wrong('is no target: wanted a name or an IP address, and a port, such as example.org:80 or [2001:db8::1]:443');
  const [, bracketed, plain = '', digits] = found as unknown as [string, string?, string?, string?];
  const port = portOf(digits as string);
  const ip = ipBytes(bracketed ?? plain);
  if (bracketed !== undefined && ip === undefined) throw wrong('has no IPv6 address between its brackets');
  if (ip !== undefined) return { host: ip, port };
  const name = plain.replace(/\.$/, '');
  if (name.endsWith(ADDRESS_SUFFIX)) throw wrong('is within the network: it is reached by gnet proxy, which finds its own way there');
  if (!isHostName(name)) throw wrong('begins with neither a DNS name nor an IP address');
  return { host: name, port };
}
