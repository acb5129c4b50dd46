import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { peerNameOf } from '../data-folder.ts';
import { type HostAndPort, portOf, targetOf } from './tcp-target.ts';

/** A TCP service of this machine, as it is named on the command line. */
export interface ExposedService extends HostAndPort {
  /** Under which its key is kept; undefined: one that follows from host and port. */
  readonly name: string | undefined;
  /** Where visitors find it; undefined: as for all others. */
  readonly ports: readonly number[] | undefined;
}

/** `[name=]target[@port,port…]`, the target as for `targetOf`. @throws GlobalNetError `malformed`. */
export function exposedServiceOf(text: string): ExposedService {
  const [, name, target = '', ports] = /^(?:([^=]*)=)?([^@]*)(?:@(.*))?$/s.exec(text) ?? [];
  return {
    ...targetOf(target),
    name: name === undefined ? undefined : peerNameOf(name),
    ports: ports?.split(',').map((port) => portOf(port)),
  };
}

/** How many connections at once. @throws GlobalNetError `malformed`. */
export function connectionsOf(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new GlobalNetError('malformed', `connections are counted from 1 to 999999, not '${text}'`);
}
