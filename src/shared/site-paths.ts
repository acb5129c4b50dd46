/** Paths of our own on a site's origin. A pack's files there are not served. */

export const KEEPER_PAGE = '/_gnet/keeper.html';
export const KEEPER_SCRIPT = '/_gnet/keeper.js';
/** Shown by the app's host for everything that a service worker should have answered. */
export const NOTHING_HERE_PAGE = '/_gnet/nothing-here.html';
/** At the top, so that its scope is the whole origin on hosts that cannot set `Service-Worker-Allowed`. */
export const SITE_WORKER = '/site.sw.js';
/** A link out of the site, turned inward: the encoded URL follows. */
export const OUTSIDE_PREFIX = '/_gnet/outside/';
/** Before the path of something that a link wants to have saved, and not shown. */
export const SAVE_PREFIX = '/_gnet/save';
export const OWN_PREFIX = '/_gnet/';
