import { type PackLink, parseOpenPart } from '../shared/links.ts';
import { failureOf, type Failure } from '../shared/outcome.ts';

/** What the app shows, as its URL says behind '#'. */
export type Route =
  | { kind: 'home' }
  /** `path` begins with '/', and has the query and fragment that a link of the site gave it. */
  | { kind: 'site'; address: string; path: string }
  /** A link that leads out of the network. */
  | { kind: 'outside'; url: string }
  | { kind: 'wrong'; failure: Failure; text: string };

export function parseRoute(hash: string): Route {
  const text = hash.replace(/^#\/?/, '');
  if (text === '') return { kind: 'home' };
  if (text.startsWith('outside/')) return { kind: 'outside', url: decoded(text.slice('outside/'.length)) };
  const open = text.startsWith('open/') ? text.slice('open/'.length) : text;
  try {
    const link = parseOpenPart(open.replace(/[?#].*$/s, ''));
    return { kind: 'site', address: link.address, path: pathIn(open) ?? pathOfLink(link) };
  } catch (error) {
    return { kind: 'wrong', failure: failureOf(error), text: open };
  }
}

/** The path as it was written, query and fragment included; undefined when it is in a link's own form. */
function pathIn(open: string): string | undefined {
  const plain = /^[^/:%?#]+\.gnet(\/.*)?$/is.exec(open);
  return plain ? (plain[1] ?? '/') : undefined;
}

export function pathOfLink(link: Pick<PackLink, 'path'>): string {
  return `/${link.path.split('/').map(encodeURIComponent).join('/')}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function hashOf(route: Route): string {
  if (route.kind === 'site') return `#/open/${route.address}${route.path}`;
  if (route.kind === 'outside') return `#/outside/${encodeURIComponent(route.url)}`;
  return route.kind === 'wrong' ? `#/open/${route.text}` : '#/';
}
