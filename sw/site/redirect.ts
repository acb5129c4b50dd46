/** Where a redirect leads: to a path of the site, which may be followed, or out of it. */
export type Redirect = { readonly path: string } | { readonly url: string };

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Further than this it leads in circles. */
export const REDIRECTS_MAX = 10;

/**
 * @param from the URL of what was asked for, on the site's origin.
 * @param host what the site calls itself, by whatever scheme; another port is another site.
 * @returns undefined when the answer is no redirect.
 */
export function redirectOf(head: { status: number; location: string | undefined }, from: URL, host: string): Redirect | undefined {
  if (!REDIRECTS.has(head.status) || head.location === undefined) return undefined;
  if (!URL.canParse(head.location, from)) return { url: head.location };
  const to = new URL(head.location, from);
  const isInside = to.origin === from.origin || (/^https?:$/.test(to.protocol) && to.host === host);
  return isInside ? { path: to.pathname + to.search + (to.hash || from.hash) } : { url: to.href };
}

/** Asked for again with the same method and body (RFC 9110 § 15.4.8); all others are asked for by GET. */
export function keepsMethod(status: number): boolean {
  return status === 307 || status === 308;
}
