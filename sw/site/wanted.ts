import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { pathOfUrl } from '../../src/core/packs/resolve-path.ts';
import { OWN_PREFIX, SAVE_PREFIX } from '../../src/shared/site-paths.ts';
import type { SiteVersion } from './verified-site.ts';

/** What a navigation of the frame wants. */
export interface Wanted {
  /** On the site's origin. */
  readonly at: URL;
  /** It followed a link that says so: as a file, whatever it is. */
  readonly isFile: boolean;
}

/** @throws GlobalNetError `unknown`: our own paths are nobody else's, whoever answers at the others. */
export function wantedBy(url: URL): Wanted {
  const isFile = url.pathname.startsWith(`${SAVE_PREFIX}/`);
  const at = isFile ? new URL(url.pathname.slice(SAVE_PREFIX.length).replace(/^\/+/, '/') + url.search, url) : url;
  return { at: ownPathRefused(at), isFile };
}

/** @throws GlobalNetError `unknown`. */
export function ownPathRefused(url: URL): URL {
  if (url.pathname.startsWith(OWN_PREFIX)) throw new GlobalNetError('unknown', `No site has a page at ${url.pathname}.`);
  return url;
}

/** @throws GlobalNetError `unknown` when the site has neither this file nor a page for what it does not have. */
export function findFile({ manifest, paths }: SiteVersion, { pathname }: URL) {
  const found = pathname.startsWith(OWN_PREFIX) ? undefined : paths.resolve(pathOfUrl(pathname));
  if (found === undefined) throw new GlobalNetError('unknown', `'${manifest.title}' has no page at ${pathname}.`);
  return { ...found, redirect: found.redirect === undefined ? undefined : `${pathname}/` };
}
