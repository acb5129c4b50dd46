import { HTTP_PORT, normalAddress, type PackLink, parseOpenPart, parsePackLink, siteHost } from '../shared/links.ts';
import { errorOf, failureOf } from '../shared/outcome.ts';
import type { ToldFailure } from './words.ts';

/** `path` begins with '/', and has the query and fragment that a link of the site gave it. */
export interface SiteRoute {
  kind: 'site';
  address: string;
  /** 80 when it is left out. */
  port?: number;
  path: string;
}

/** What the app shows, as its URL says behind '#'. */
export type Route =
  | { kind: 'home' }
  | SiteRoute
  /** A link that leads out of the network. */
  | { kind: 'outside'; url: string }
  | { kind: 'wrong'; failure: ToldFailure; text: string }
  /** An invitation was given to an address for which another one is kept. */
  | { kind: 'invitation'; address: string; text: string };

/** What is left in the URL of a link with an invitation. */
export const TAKEN = '#/invitation';

/** An address and path, as it is, or as a browser that knows such names would write it. */
const WRITTEN = /^(?:https?:\/\/)?([^/:%?#@]+\.gnet)(?::(\d{1,5}))?([/?#].*)?$/is;

export function parseRoute(hash: string): Route {
  const text = hash.replace(/^#\/?/, '');
  if (text === '' || hash === TAKEN) return { kind: 'home' };
  if (text.startsWith('outside/')) return { kind: 'outside', url: decoded(text.slice('outside/'.length)) };
  const open = text.startsWith('open/') ? text.slice('open/'.length) : text;
  try {
    return writtenRoute(open) ?? routeOfLink(parseOpenPart(open.replace(/[?#].*$/s, '')));
  } catch (error) {
    return { kind: 'wrong', failure: failureOf(error), text: open };
  }
}

/** Where an address or link leads. @throws GlobalNetError `malformed`. */
export function routeOfText(text: string): SiteRoute {
  return writtenRoute(text.trim()) ?? routeOfLink(parsePackLink(text));
}

/** With query and fragment: whether a live service has such a path only it can say. */
function writtenRoute(text: string): SiteRoute | undefined {
  const [, address, port = HTTP_PORT, rest = '/'] = WRITTEN.exec(text) ?? [];
  if (address === undefined) return undefined;
  if (Number(port) < 1 || Number(port) > 65_535)
    throw errorOf({ kind: 'malformed', message: `${port} is no port: they go from 1 to 65535` });
  return { kind: 'site', address: normalAddress(address), port: Number(port), path: rest.startsWith('/') ? rest : `/${rest}` };
}

/** Address and port as the address bar has them. */
export function hostOf({ address, port = HTTP_PORT }: Pick<SiteRoute, 'address' | 'port'>): string {
  return siteHost(address, port);
}

function routeOfLink({ address, path }: PackLink): SiteRoute {
  return { kind: 'site', address, path: `/${path.split('/').map(encodeURIComponent).join('/')}` };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function hashOf(route: Route): string {
  if (route.kind === 'site') return `#/open/${hostOf(route)}${route.path}`;
  if (route.kind === 'outside') return `#/outside/${encodeURIComponent(route.url)}`;
  return route.kind === 'wrong' ? `#/open/${route.text}` : '#/';
}
