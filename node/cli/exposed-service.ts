import { createHash } from 'node:crypto';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { peerNameOf } from '../data-folder.ts';
import type { Invocation } from './command.ts';
import { inForce, placeOf, type Source } from './settings.ts';
import { type HostAndPort, portOf, targetOf } from './tcp-target.ts';

/** Each keeps circuits to three rendezvous points. */
export const SERVICES_MAX = 32;
const HTTP_PORT = 80;

/** A TCP service of this machine, as it is named on the command line. */
export interface ExposedService extends HostAndPort {
  /** Under which its key is kept; undefined: one that follows from host and port. */
  readonly name: string | undefined;
  /** Where visitors find it; undefined: as for all others. */
  readonly ports: readonly number[] | undefined;
}

/** A service with what it has for itself. */
export interface NamedService extends ExposedService {
  /** Its folder within the data folder: one process at a time serves it. */
  readonly folder: string;
  readonly ports: readonly number[];
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

/**
 * Those of the command line, else those of environment or file.
 * @throws GlobalNetError `malformed`: there is none, too many, or two of them would have one key; with the line where a file says so.
 */
export function servicesOf({
  positionals,
  said,
  text,
  texts,
}: Pick<Invocation, 'positionals' | 'said' | 'text' | 'texts'>): NamedService[] {
  const asked = askedOf(positionals, said);
  const name = text('name');
  const ports = texts('port').map((port) => portOf(port));
  if (name !== undefined && asked.length > 1)
    throw new GlobalNetError('malformed', '--name is of a single service: of several write name=host:port');
  const services: NamedService[] = [];
  for (const { service, where } of asked) {
    const folder = service.name ?? name ?? folderOf(service);
    if (services.some((other) => other.folder === folder)) throw twin(service, where);
    services.push({ ...service, folder, ports: [...new Set(service.ports ?? (ports.length > 0 ? ports : [HTTP_PORT, service.port]))] });
  }
  return services;
}

interface Asked {
  readonly service: ExposedService;
  /** Before what is wrong with it; empty for what stands on the command line. */
  readonly where: string;
}

function askedOf(positionals: readonly string[], said: Invocation['said']): Asked[] {
  const settings = inForce(said, 'expose', 'service');
  if (positionals.length > 0 && settings.some(({ source }) => source.from === 'flag'))
    throw new GlobalNetError('malformed', 'services are given behind the command or by --service, not both');
  const asked =
    positionals.length > 0
      ? positionals.map((text) => ({ service: exposedServiceOf(text), where: '' }))
      : settings.flatMap(({ values, source }) => values.map((text) => ({ service: exposedServiceOf(text), where: placeIn(source) })));
  if (asked.length === 0)
    throw new GlobalNetError(
      'malformed',
      "nothing is exposed: give a service, as in 'gnet expose 3000', or a line 'service = 3000' below [expose] in gnet.conf",
    );
  const over = asked[SERVICES_MAX];
  if (over !== undefined) throw new GlobalNetError('malformed', `${over.where}one process exposes ${SERVICES_MAX} services at most`);
  return asked;
}

function placeIn(source: Source): string {
  if (source.from === 'flag') return '';
  return source.from === 'file' ? `${placeOf(source.path, source.line)}: ` : `${source.variable}: `;
}

function twin({ name, host, port }: ExposedService, where: string): GlobalNetError {
  return new GlobalNetError(
    'malformed',
    `${where}'${name ?? `${host}:${port}`}' is there twice: a second service, with an address of its own, needs a name of its own, as in second=${host}:${port}`,
  );
}

function folderOf({ host, port }: ExposedService): string {
  return `expose-${createHash('sha256').update(`${host}:${port}`).digest('hex').slice(0, 12)}`;
}
